/**
 * A transaction that is ended by the user's own code amid a call that gives it records (a generator, a
 * serializer, an interceptor, a partitioner, a getter): what the call gives is refused, and never becomes
 * part of the next transaction.
 */
import t from 'tap'
import type { ProducerRecord, RecordMetadata } from '../../../src/index.js'
import { ABORTED, fateOf, LEVELS, rig, STATE, type Rig, type TestTransaction } from './support.js'

type Record = ProducerRecord<string, string>
type Given = Promise<unknown>

/** What ends the transaction; once, when it is called first. */
interface Fuse {
  fire: () => void
}

const record: Record = { topic: 'orders', partition: 0, value: 'late' }

/** Where the user's code runs, as options of the producer. */
const PLACES = {
  nowhere: () => ({}),
  'a serializer': (fuse: Fuse) => ({
    serializers: {
      value: (value: string) => {
        fuse.fire()
        return Buffer.from(value)
      },
    },
  }),
  'an asynchronous serializer': (fuse: Fuse) => ({
    serializers: {
      value: async (value: string) => {
        fuse.fire()
        await Promise.resolve()
        return Buffer.from(value)
      },
    },
  }),
  onSend: (fuse: Fuse) => ({ interceptors: [{ onSend: () => fuse.fire() }] }),
  'a partitioner': (fuse: Fuse) => ({
    partitioner: () => {
      fuse.fire()
      return 0
    },
  }),
} as const

/** Calls that give records; `fuse` for those whose own argument is the user's code. */
const CALLS: { readonly [name: string]: (txn: TestTransaction, fuse: Fuse) => Given } = {
  send: (txn) => txn.send(record),
  'send with options': (txn) => txn.send(record, {}),
  'send with a signal': (txn) => txn.send(record, { signal: new AbortController().signal }),
  enqueue: (txn) =>
    new Promise<RecordMetadata | null>((resolve, reject) => {
      txn.enqueue(record, (error, metadata) => (error === null ? resolve(metadata) : reject(error)))
    }),
  sendAll: (txn) => txn.sendAll([record, record]),
  'a stream': (txn) =>
    new Promise<void>((resolve, reject) => {
      const stream = txn.createWriteStream()
      stream.on('error', reject)
      stream.on('finish', resolve)
      stream.end(record)
    }),
}
const OWN_CODE: typeof CALLS = {
  'a generator': (txn, fuse) =>
    txn.sendAll(
      (function* () {
        yield record
        fuse.fire()
        yield record
      })(),
    ),
  'a getter of a record': (txn, fuse) =>
    txn.send({
      topic: 'orders',
      get value() {
        fuse.fire()
        return 'late'
      },
    }),
  'a getter of the options': (txn, fuse) =>
    txn.send(record, {
      get signal() {
        fuse.fire()
        return undefined
      },
    }),
}

const ENDS = {
  abort: (txn: TestTransaction) => txn.abort(),
  commit: (txn: TestTransaction) => txn.commit(),
} as const

/** The code of the error that the record was told: that of the first, where there are several. */
function toldOf(error: unknown): string {
  const { code, results } = error as { code?: string; results?: readonly { reason?: unknown }[] }
  return results === undefined
    ? (code ?? String(error))
    : toldOf(results.find(({ reason }) => reason !== undefined)?.reason)
}

async function endWithin(
  it: Rig,
  fuse: Fuse,
  [call, end]: readonly [(typeof CALLS)[string], keyof typeof ENDS],
): Promise<{ readonly told: string; readonly ended: string; readonly next: string }> {
  const txn = await it.begin()
  const waiting = it.producer.begin() // gathers as soon as it may
  let ended: Promise<string> = Promise.resolve('not ended')
  fuse.fire = () => {
    fuse.fire = () => {}
    ended = fateOf(ENDS[end](txn))
  }
  const told = call(txn, fuse).then(() => 'taken', toldOf)
  const next = await it.run(waiting)
  void next.send({ topic: 'orders', partition: 0, value: 'next' }).catch(() => {})
  const committed = await it.fate(next.commit())
  return { told: await it.run(told), ended: await it.run(ended), next: committed }
}

function check(place: keyof typeof PLACES, name: string, call: (typeof CALLS)[string]): void {
  t.test(`${name}, ended in ${place === 'nowhere' ? 'it' : place}`, async (t) => {
    for (const level of LEVELS) {
      for (const end of ['abort', 'commit'] as const) {
        const fuse: Fuse = { fire: () => {} }
        const producer = PLACES[place](fuse)
        const it = await rig(t, level, { producer })
        await it.commit('warm')
        const { told, ended, next } = await endWithin(it, fuse, [call, end])
        const what = `level ${level}, ${end}`
        t.equal(told, end === 'abort' ? ABORTED : STATE, what)
        t.equal(ended, 'ok', what)
        t.equal(next, 'ok', `${what}: the next is not harmed`)
        t.strictSame(it.committed(), ['warm', 'next'], what)
        t.equal(it.stored().includes('late'), false, 'it was never sent')
        await it.commit('later')
      }
    }
  })
}

for (const [name, call] of Object.entries(OWN_CODE)) check('nowhere', name, call)
for (const [name, call] of Object.entries(CALLS)) {
  for (const place of ['a serializer', 'an asynchronous serializer', 'onSend'] as const) {
    check(place, name, call)
  }
  const unplaced: typeof call = (txn, fuse) => call(unpartitioned(txn), fuse)
  check('a partitioner', name, unplaced)
}

/** The same, with records that leave the partition to the partitioner. */
function unpartitioned(txn: TestTransaction): TestTransaction {
  const bare = ({ partition: _, ...rest }: Record): Record => rest
  return {
    send: (it: Record, options?: object) => txn.send(bare(it), options),
    sendAll: (list: Record[]) => txn.sendAll(list.map(bare)),
    enqueue: (it: Record, callback: never) => txn.enqueue(bare(it), callback),
    createWriteStream: () => txn.createWriteStream({ toRecord: bare }),
  } as unknown as TestTransaction
}

for (const place of ['a serializer', 'an asynchronous serializer', 'a partitioner'] as const) {
  t.test(
    `records of a sendAll that found no room, ended in ${place} when they are fed`,
    async (t) => {
      for (const end of ['abort', 'commit'] as const) {
        const fuse: Fuse = { fire: () => {} }
        const small = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }
        const it = await rig(t, 2, { producer: { ...small, ...PLACES[place](fuse) } })
        await it.commit('warm')
        const txn = await it.begin()
        const waiting = it.producer.begin()
        it.cluster.broker(1).freeze()
        const values = Array.from({ length: 40 }, (_, n) => `${n} `.padEnd(900, 'x'))
        const told = txn.sendAll(values.map((value) => ({ topic: 'orders', value })))
        const sent = told.then(() => 'ok', toldOf)
        await it.settle()
        const ended: Promise<string>[] = []
        fuse.fire = () => {
          if (ended.length === 0) ended.push(fateOf(ENDS[end](txn)))
        }
        it.cluster.broker(1).unfreeze()
        const isFed = place !== 'a serializer' // which is done with all of them during the call
        if (!isFed) fuse.fire()
        const next = await it.run(waiting)
        await it.run(next.send({ topic: 'orders', partition: 0, value: 'next' }))
        t.equal(await it.fate(next.commit()), 'ok')
        t.strictSame(await it.run(Promise.all(ended)), ['ok'])
        t.equal(await it.run(sent), end === 'abort' ? ABORTED : 'ok', end)
        const kept = end === 'abort' ? [] : values
        t.strictSame(it.committed().toSorted(), ['warm', ...kept, 'next'].toSorted(), end)
      }
    },
  )
}
