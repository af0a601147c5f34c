/**
 * Two producers with one transactional id: the older is fenced at every point of a transaction, its commit
 * and whatever it begins from then on say so with FencedError, nothing of it is visible, and it does not
 * fence the newer. A single record or offset may say what the broker has said of it: an old epoch.
 */
import type { Test } from 'tap'
import {
  BrokerError,
  FencedError,
  TransactionAbortedError,
  type Transaction,
  type TransactionalProducer,
} from '../../../src/index.js'
import type { Kafka } from '../../broker/kafka.js'
import { newTopic } from '../broker/bench.js'
import { INIT_PRODUCER_ID_KEY, PRODUCE_KEY, spiedEnvironment } from '../broker/spied-dial.js'
import {
  END_TXN_KEY,
  errorOf,
  newTransactional,
  newTransactionalId,
  onEachLevel,
  readSet,
} from '../broker/transactions.js'

const PARTITIONS = 3
const GROUP = 'group-of-the-walk'
const ROUNDS = 5
const EPOCH_ERRORS = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']

/** What may become of a record, or of offsets, of a producer that is fenced. */
function isOfFenced(error: unknown): boolean {
  for (let it = error; it instanceof Error; it = it.cause) {
    if (it instanceof FencedError || it instanceof TransactionAbortedError) return true
    if (it instanceof BrokerError && EPOCH_ERRORS.includes(it.errorName)) return true
  }
  return false
}

/** The older producer on its way. */
interface Older {
  readonly producer: TransactionalProducer
  readonly topic: string
  /** Of its values. */
  readonly name: string
  /** What became of records that it had not been told of when the newer came: an error, or null. */
  readonly open: Promise<unknown>[]
}

interface Point {
  readonly name: string
  /** Brings the older to the point. */
  readonly reach: (older: Older) => Promise<Transaction | null>
  /** What it does once it is fenced, before it ends the transaction; must reject. */
  readonly next?: (txn: Transaction, older: Older) => Promise<unknown>
  /** How it ends the transaction: must reject with FencedError. Default: by a commit. */
  readonly end?: (txn: Transaction) => Promise<void>
}

async function sendSome({ topic, name }: Older, txn: Transaction, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({
    ...{ topic, partition: i % PARTITIONS, value: `${name}/older/${i}` },
  }))
  await txn.sendAll(records)
}

/** Accepted, and not sent before somebody flushes or commits: lingerMs is long. */
function buffer({ topic, name, open }: Older, txn: Transaction, count: number): void {
  for (let i = 0; i < count; i++) {
    const value = `${name}/older/late-${i}`
    open.push(errorOf(txn.send({ topic, partition: i % PARTITIONS, value })))
  }
}

/** Begun, with a record on its way. */
async function begin({ producer, topic, name }: Older): Promise<Transaction> {
  const txn = await producer.begin()
  txn.enqueue({ topic, value: `${name}/older/next` }, () => {})
  return txn
}

async function begun(older: Older, count = 10): Promise<Transaction> {
  const txn = await older.producer.begin()
  await Promise.all([sendSome(older, txn, count), txn.flush()])
  return txn
}

const offsetsOf = ({ topic }: Older): { topic: string; partition: number; offset: bigint }[] => [
  { topic, partition: 0, offset: 1000n },
]

const POINTS: readonly Point[] = [
  { name: 'before the first begin', reach: async () => null },
  {
    name: 'after begin',
    reach: ({ producer }) => producer.begin(),
    next: (txn, older) => Promise.all([sendSome(older, txn, 5), txn.flush()]),
  },
  {
    name: 'after begin, offsets alone',
    reach: ({ producer }) => producer.begin(),
    next: (txn, older) => txn.sendOffsets(GROUP, offsetsOf(older)),
  },
  { name: 'after the first send', reach: (older) => begun(older, 1) },
  {
    name: 'after the first send, another send',
    reach: (older) => begun(older, 1),
    next: (txn, older) => Promise.all([sendSome(older, txn, 5), txn.flush()]),
  },
  {
    name: 'amid sends, some of them waiting',
    reach: async (older) => {
      const txn = await begun(older)
      buffer(older, txn, 10)
      return txn
    },
  },
  {
    name: 'amid sends, to a partition that is new to it',
    reach: (older) => begun(older, 1),
    next: (txn, { topic, name }) => {
      const sent = txn.send({ topic, partition: 2, value: `${name}/older/new` })
      return Promise.all([sent, txn.flush()])
    },
  },
  {
    name: 'after sendOffsets',
    reach: async (older) => {
      const txn = await begun(older)
      await txn.sendOffsets(GROUP, offsetsOf(older))
      return txn
    },
  },
  {
    name: 'after sendOffsets, once more',
    reach: async (older) => {
      const txn = await begun(older)
      await txn.sendOffsets(GROUP, offsetsOf(older))
      return txn
    },
    next: (txn, older) => txn.sendOffsets(GROUP, offsetsOf(older)),
  },
  { name: 'at the commit, all sent', reach: (older) => begun(older) },
  { name: 'at the abort', reach: (older) => begun(older), end: (txn) => txn.abort() },
  {
    name: 'at the abort, some waiting',
    reach: async (older) => {
      const txn = await begun(older)
      buffer(older, txn, 10)
      return txn
    },
    end: (txn) => txn.abort(),
  },
  {
    name: 'between two transactions',
    reach: async (older) => {
      const { topic, name } = older
      const first = await older.producer.begin()
      first.enqueue({ topic, value: `${name}/first` })
      await first.commit()
      return null
    },
  },
  {
    name: 'between two transactions, the last one aborted',
    reach: async (older) => {
      await (await begun(older)).abort()
      return null
    },
  },
]

/** All that a fenced producer may still be asked; it must say each time that it is fenced. */
async function isOver(t: Test, { producer, topic, name }: Older): Promise<void> {
  const late = { topic, value: `${name}/older/too-late` }
  const again = async (): Promise<void> => {
    const txn = await producer.begin()
    txn.enqueue(late, () => {})
    await txn.commit()
  }
  t.match(await errorOf(again()), { name: 'FencedError' }, 'begin and commit')
  const runs = producer.transaction((txn) => txn.sendAll([late]), { attempts: 3 })
  t.match(await errorOf(runs), { name: 'FencedError' }, 'transaction')
}

async function newer(producer: TransactionalProducer, topic: string, name: string): Promise<void> {
  await producer.transaction(async (txn) => {
    await txn.sendAll([0, 1].map((partition) => ({ topic, partition, value: `${name}/newer` })))
  })
}

async function walkTo(t: Test, kafka: Kafka, topic: string, point: Point): Promise<string[]> {
  const { name } = point
  const id = newTransactionalId()
  const producer = newTransactional(t, kafka, id, { lingerMs: 20_000 })
  const older: Older = { producer, topic, name, open: [] }
  await producer.connect()
  const txn = await point.reach(older)

  const other = newTransactional(t, kafka, id)
  await other.connect()
  await newer(other, topic, name)
  const ending = txn ?? (await begin(older))
  if (point.next !== undefined) {
    const error = await errorOf(point.next(ending, older))
    t.ok(isOfFenced(error), 'what it does next', { error })
  }
  const end = point.end ?? ((it: Transaction): Promise<void> => it.commit())
  t.match(await errorOf(end(ending)), { name: 'FencedError' }, 'the end')
  t.equal(ending.state, 'fenced')
  for (const open of older.open) {
    const error = await open
    t.ok(isOfFenced(error), 'a record that waited', { error })
  }
  await isOver(t, older)
  await producer.close()
  await newer(other, topic, `${name}, afterwards`)
  const first = name === 'between two transactions' ? [`${name}/first`] : []
  const kept = [`${name}/newer`, `${name}, afterwards/newer`]
  return [...first, ...kept, ...kept]
}

await onEachLevel(
  'the older is fenced at every point, and nothing of it is seen',
  async (t, kafka) => {
    const topic = await newTopic(kafka, { partitions: PARTITIONS })
    const kept: string[] = []
    for (const point of POINTS) {
      await t.test(
        point.name,
        async (t) => void kept.push(...(await walkTo(t, kafka, topic, point))),
      )
    }
    t.strictSame(await readSet(kafka, topic), kept.sort())
    t.strictSame(await kafka.committedOffsets(GROUP, topic), [])
  },
)

/** Fenced; or the broker has failed over the two (KafkaApis, IllegalStateException), and nobody knows. */
const OVER = /^(FencedError|TransactionUnknownError)$/
/** What a later call says: FatalError where the one before was unknown. */
const STILL_OVER = /^(FencedError|TransactionUnknownError|FatalError)$/

/**
 * Starts the newer when the older has written its first request of a kind, and not been answered.
 * Returns how often each of their values must be there; null: all or none.
 */
async function during(
  t: Test,
  kafka: Kafka,
  { topic, name, apiKey }: { topic: string; name: string; apiKey: number },
): Promise<Map<string, number | null>> {
  const id = newTransactionalId()
  const other = newTransactional(t, kafka, id)
  const comes: Promise<void>[] = []
  const environment = spiedEnvironment((request) => {
    if (request.apiKey !== apiKey || comes.length > 0) return
    comes.push(other.connect().then(() => newer(other, topic, name)))
  })
  const producer = newTransactional(t, kafka, id, {}, environment)
  const older: Older = { producer, topic, name, open: [] }
  const error = await errorOf(producer.transaction((txn) => sendSome(older, txn, 1)))
  t.equal(comes.length, 1, 'the older came so far')
  const otherError = await errorOf(Promise.all(comes))
  // Whoever of the two is initialized last is the newer one; mostly that is the other.
  t.comment(`older: ${error?.name ?? 'committed'}; newer: ${otherError?.name ?? 'committed'}`)
  // Where the coordinator has aborted for the newer and not yet given it an epoch, it looks at level 2 as
  // if the transaction had timed out: it is aborted, and the next one is fenced.
  for (const it of [error, otherError]) t.ok(it === null || OVER.test(it.name) || isOfFenced(it), 'it says so', { error: it }) // prettier-ignore
  t.ok(error === null || otherError === null, 'one of them has committed')
  const last = [producer, other].map((it) => errorOf(newer(it, topic, 'last')))
  const [olderError, newerError] = await Promise.all(last)
  t.ok(olderError === null || newerError === null, 'one of them goes on')
  t.match(olderError ?? newerError, { name: STILL_OVER }, 'the other one is over')
  const isUnknown = error?.name === 'TransactionUnknownError'
  return new Map([
    [`${name}/older/0`, isUnknown ? null : Number(error === null)],
    [`${name}/newer`, otherError === null ? 2 : 0],
  ])
}

const REQUESTS = [
  ['connects', INIT_PRODUCER_ID_KEY],
  ['sends', PRODUCE_KEY],
  ['commits', END_TXN_KEY],
] as const

await onEachLevel('a newer one comes in the midst of a request of the older', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  const expected = new Map<string, number | null>()
  for (const [what, apiKey] of REQUESTS) {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `${what}-${round}`
      for (const [value, count] of await during(t, kafka, { topic, name, apiKey })) {
        expected.set(value, count)
      }
    }
  }
  const seen = await readSet(kafka, topic)
  for (const [value, count] of expected) {
    const found = seen.filter((it) => it === value).length
    if (count !== null) t.equal(found, count, value)
  }
})

await onEachLevel('a newer one comes while the older aborts', async (t, kafka) => {
  const id = newTransactionalId()
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  const other = newTransactional(t, kafka, id)
  const comes: Promise<void>[] = []
  const environment = spiedEnvironment(({ apiKey }) => {
    if (apiKey !== END_TXN_KEY || comes.length > 0) return
    comes.push(other.connect().then(() => newer(other, topic, 'kept')))
  })
  const producer = newTransactional(t, kafka, id, {}, environment)
  const txn = await producer.begin()
  await sendSome({ producer, topic, name: 'aborted', open: [] }, txn, PARTITIONS)
  const error = await errorOf(txn.abort())
  if (error !== null) t.match(error, { name: 'FencedError' })
  await Promise.all(comes)
  t.strictSame(await readSet(kafka, topic), ['kept/newer', 'kept/newer'])
  t.match(await errorOf(newer(producer, topic, 'older')), { name: 'FencedError' })
  await newer(other, topic, 'kept')
})

await onEachLevel('ten producers with one id, each fencing the last one', async (t, kafka) => {
  const id = newTransactionalId()
  const topic = await newTopic(kafka)
  const kept: string[] = []
  let last: { readonly producer: TransactionalProducer; readonly open: Transaction | null } | null =
    null
  for (let number = 0; number < 10; number++) {
    const producer = newTransactional(t, kafka, id)
    const txn = await producer.begin()
    await txn.send({ topic, value: `${number}` })
    if (last !== null) {
      const next = last.open?.commit() ?? newer(last.producer, topic, 'last')
      t.match(await errorOf(next), { name: 'FencedError' })
    }
    if (number % 2 === 0) {
      await txn.commit()
      kept.push(`${number}`)
    }
    last = { producer, open: number % 2 === 0 ? null : txn }
  }
  const closing = newTransactional(t, kafka, id)
  await closing.connect()
  t.strictSame(await readSet(kafka, topic), kept)
})
