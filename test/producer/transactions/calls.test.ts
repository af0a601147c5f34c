/** Each call of a transaction in each of its states, and the calls of the producer around it. */
import t, { type Test } from 'tap'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import {
  ABORTED,
  CLOSED,
  FATAL,
  fateOf,
  FENCED,
  LEVELS,
  rig,
  STATE,
  TIMEOUT,
  UNKNOWN,
  type Level,
  type Rig,
  type TestTransaction,
} from './support.js'

const { PRODUCER_FENCED, UNKNOWN_SERVER_ERROR } = ErrorCodes
const OFFSETS = [{ topic: 'input', partition: 0, offset: 1n }]

/** What each call comes to: `send` stands for all that add something. */
interface Expected {
  readonly state: TestTransaction['state']
  readonly send: string
  readonly commit: string
  readonly abort: string
}

/** Brings a transaction into a state. */
const STATES: Readonly<
  Record<string, Expected & { reach(it: Rig, transaction: TestTransaction): Promise<void> }>
> = {
  'committed, empty': {
    ...{ state: 'committed', send: STATE, commit: 'ok', abort: STATE },
    reach: (it, transaction) => it.run(transaction.commit()),
  },
  committed: {
    ...{ state: 'committed', send: STATE, commit: 'ok', abort: STATE },
    async reach(it, transaction) {
      void it.send(transaction, 'a')
      await it.run(transaction.commit())
    },
  },
  committing: {
    ...{ state: 'committing', send: STATE, commit: 'ok', abort: STATE },
    async reach(it, transaction) {
      it.cluster.failNext('EndTxn', { delayMs: 500 })
      void it.send(transaction, 'a')
      await it.fate(transaction.commit({ timeoutMs: 1 }))
    },
  },
  flushing: {
    ...{ state: 'committing', send: STATE, commit: 'ok', abort: STATE },
    async reach(it, transaction) {
      it.cluster.failNext('Produce', { delayMs: 500 })
      void it.send(transaction, 'a')
      await it.fate(transaction.commit({ timeoutMs: 1 }))
    },
  },
  'aborted by the user': {
    ...{ state: 'aborted', send: STATE, commit: STATE, abort: 'ok' },
    async reach(it, transaction) {
      void it.send(transaction, 'a')
      await it.run(transaction.abort())
    },
  },
  'being aborted by the user': {
    ...{ state: 'aborting', send: STATE, commit: STATE, abort: 'ok' },
    async reach(it, transaction) {
      await it.run(it.send(transaction, 'a'))
      it.cluster.failNext('EndTxn', { delayMs: 500 })
      await it.fate(transaction.abort({ timeoutMs: 1 }))
    },
  },
  'aborted by a failure': {
    ...{ state: 'aborted', send: ABORTED, commit: ABORTED, abort: 'ok' },
    async reach(it, transaction) {
      it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
      void it.send(transaction, 'a')
      await it.until(() => transaction.state === 'aborted')
    },
  },
  'being aborted by a failure': {
    ...{ state: 'aborting', send: ABORTED, commit: ABORTED, abort: 'ok' },
    async reach(it, transaction) {
      it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
      it.cluster.failNext('EndTxn', { delayMs: 500 })
      void it.send(transaction, 'a')
      await it.until(() => it.count('EndTxn') === 1)
    },
  },
  fenced: {
    ...{ state: 'fenced', send: FENCED, commit: FENCED, abort: FENCED },
    async reach(it, transaction) {
      it.cluster.failNext('EndTxn', { errorCode: PRODUCER_FENCED, times: 2 })
      void it.send(transaction, 'a')
      await it.fate(transaction.commit())
    },
  },
  unknown: {
    ...{ state: 'unknown', send: STATE, commit: UNKNOWN, abort: UNKNOWN },
    async reach(it, transaction) {
      it.cluster.failNext('EndTxn', { errorCode: UNKNOWN_SERVER_ERROR })
      void it.send(transaction, 'a')
      await it.fate(transaction.commit())
    },
  },
  'closed over': {
    ...{ state: 'aborted', send: ABORTED, commit: ABORTED, abort: 'ok' },
    async reach(it, transaction) {
      await it.run(it.send(transaction, 'a'))
      await it.run(it.producer.close())
    },
  },
  'refused for good': {
    ...{ state: 'aborted', send: ABORTED, commit: ABORTED, abort: 'ok' },
    async reach(it, transaction) {
      const errorCode = ErrorCodes.INVALID_PRODUCER_ID_MAPPING
      it.cluster.failNext('Produce', { errorCode })
      void it.send(transaction, 'a')
      await it.until(() => transaction.state === 'aborted')
    },
  },
}

/** Every call that adds something to a transaction. */
function additions(transaction: TestTransaction): Record<string, () => Promise<string>> {
  const record = { topic: 'orders', value: 'late' }
  return {
    send: () => fateOf(transaction.send(record)),
    sendAll: () => fateOf(transaction.sendAll([record])),
    enqueue: () =>
      fateOf(
        new Promise<void>((resolve, reject) => {
          transaction.enqueue(record, (error) => (error ? reject(error) : resolve()))
        }),
      ),
    writable: () => fateOf(transaction.writable()),
    sendOffsets: () => fateOf(transaction.sendOffsets('g', OFFSETS)),
  }
}

async function tryAll(t: Test, level: Level, name: string): Promise<void> {
  const expected = STATES[name] as (typeof STATES)[string]
  for (const last of ['commit', 'abort'] as const) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    await expected.reach(it, transaction)
    t.equal(transaction.state, expected.state, `level ${level}, ${name}`)
    const found: Record<string, string> = {}
    const calls = additions(transaction)
    // All at once, so that none sees the end of what is under way.
    const fates = Object.entries(calls).map(async ([call, run]) => (found[call] = await run()))
    await it.run(Promise.all(fates))
    const send = expected.send
    t.strictSame(found, { send, sendAll: send, enqueue: send, writable: send, sendOffsets: send })
    t.equal(await it.fate(transaction.flush()), 'ok')
    t.equal(await it.fate(transaction[last]()), expected[last], `${last} of ${name}`)
    t.equal(await it.fate(transaction[last]()), expected[last], `${last} again`)
    await it.advance(2000)
    t.notOk(it.stored().includes('late'))
  }
}

for (const name of Object.keys(STATES)) {
  t.test(`every call to a transaction that is ${name}`, async (t) => {
    for (const level of LEVELS) await tryAll(t, level, name)
  })
}

t.test('an open transaction takes everything', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    t.equal(transaction.state, 'open')
    for (const [name, call] of Object.entries(additions(transaction))) {
      t.equal(await it.run(call()), 'ok', `level ${level}: ${name}`)
    }
    t.equal(await it.fate(transaction.flush()), 'ok')
    t.equal(await it.fate(transaction.commit()), 'ok')
    t.equal(it.committed().length, 3)
    t.equal(it.cluster.committedOffsets('g').length, 1)
  }
})

t.test('commits called together are one', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    const fates = [1, 2, 3].map(() => fateOf(transaction.commit()))
    t.strictSame(await it.run(Promise.all(fates)), ['ok', 'ok', 'ok'])
    t.strictSame(it.ends, [true])
  }
})

t.test('aborts called together are one, and the unsent record is told', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { lingerMs: 1000 } })
    const transaction = await it.begin()
    const sent = it.send(transaction, 'a')
    const fates = [1, 2, 3].map(() => fateOf(transaction.abort()))
    t.strictSame(await it.run(Promise.all(fates)), ['ok', 'ok', 'ok'])
    t.equal(await it.run(sent), ABORTED)
    t.strictSame(it.stored(), [])
  }
})

t.test('a commit that ran into its time limit, repeated, gives the outcome: aborted', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { errorCode: ErrorCodes.TRANSACTION_ABORTABLE })
    it.cluster.failNext('EndTxn', { delayMs: 500 })
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    const error = await it.failure(transaction.commit({ timeoutMs: 100 }))
    t.match(error, { code: TIMEOUT, message: /call it again/ })
    t.match(await it.failure(transaction.commit()), { code: ABORTED, retriable: true })
    t.equal(await it.fate(transaction.abort()), 'ok')
    t.strictSame(it.ends, [true, false])
  }
})

t.test('commit with timeoutMs 0 begins it', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    it.cluster.failNext('Produce', { delayMs: 100 })
    t.equal(await it.fate(transaction.commit({ timeoutMs: 0 })), TIMEOUT)
    t.equal(await it.fate(transaction.commit()), 'ok')
    t.strictSame(it.committed(), ['a'])
  }
})

t.test('abort that ran into its time limit is repeated; commit refuses', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { requestTimeoutMs: 1000 } })
    const transaction = await it.begin()
    await it.run(it.send(transaction, 'a'))
    it.cluster.failNext('EndTxn', { silent: true })
    t.equal(await it.fate(transaction.abort({ timeoutMs: 100 })), TIMEOUT)
    t.equal(await it.fate(transaction.commit()), STATE)
    t.equal(await it.fate(transaction.abort()), 'ok')
    t.strictSame(it.committed(), [])
  }
})

t.test('disposed, a transaction is aborted unless it was ended, and never rejects', async (t) => {
  for (const level of LEVELS) {
    for (const name of ['open', ...Object.keys(STATES)]) {
      const it = await rig(t, level)
      const transaction = await it.begin()
      if (name === 'open') await it.run(it.send(transaction, 'a'))
      else await STATES[name]?.reach(it, transaction)
      t.equal(await it.fate(transaction[Symbol.asyncDispose]()), 'ok', name)
      if (name === 'open') t.equal(transaction.state, 'aborted')
    }
  }
})

t.test('what is no record does not abort, unless nobody is told', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const transaction = await it.begin()
    const wrong = { topic: '', value: 'a' }
    t.equal(await it.fate(transaction.send(wrong)), 'ERR_OTTLA_INVALID_RECORD')
    transaction.enqueue(wrong, () => {})
    void it.send(transaction, 'a')
    const long = 'x'.repeat(40_000)
    for (const group of ['', long, { groupId: 'g', memberId: long }]) {
      t.equal(await it.fate(transaction.sendOffsets(group, OFFSETS)), 'ERR_OTTLA_INVALID_RECORD')
    }
    for (const change of [{ metadata: long }, { metadata: '\ud800' }, { topic: long }]) {
      const offsets = OFFSETS.map((offset) => ({ ...offset, ...change }))
      t.equal(await it.fate(transaction.sendOffsets('g', offsets)), 'ERR_OTTLA_INVALID_RECORD')
    }
    t.equal(await it.fate(transaction.commit()), 'ok')
    const second = await it.begin()
    second.enqueue(wrong)
    t.equal(await it.fate(second.commit()), ABORTED)
    t.strictSame(it.committed(), ['a'])
  }
})

t.test('a record that is too large aborts', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { maxRequestSizeBytes: 1000, batchSizeBytes: 600 } })
    const transaction = await it.begin()
    void it.send(transaction, 'a')
    t.not(await it.run(it.send(transaction, 'x'.repeat(2000))), 'ok')
    t.match(await it.failure(transaction.commit()), { code: ABORTED, retriable: false })
    t.strictSame(it.committed(), [])
  }
})

t.test('the options of each call are checked', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  const wrong = 'ERR_OTTLA_CONFIG'
  for (const options of [
    { timeout: 1 },
    { timeoutMs: -1 },
    { timeoutMs: '1' },
    null,
    7,
  ] as never[]) {
    t.equal(await it.fate(transaction.commit(options)), wrong)
    t.equal(await it.fate(transaction.abort(options)), wrong)
  }
  for (const options of [{ wiat: true }, { wait: 1 }, { signal: 7 }, null] as never[]) {
    t.not(await it.fate(it.producer.begin(options)), 'ok')
  }
  const nothing = (): void => {}
  for (const options of [
    { attempts: 0 },
    { attempts: 1.5 },
    { onRetry: 7 },
    { retries: 1 },
  ] as never[]) {
    t.equal(await it.fate(it.producer.transaction(nothing, options)), wrong)
  }
  t.equal(await it.fate(it.producer.transaction(7 as never)), wrong)
  const stray = AbortSignal.abort() as never
  t.equal(await it.fate(it.producer.connect(stray)), wrong)
  t.equal(await it.fate(it.producer.partitionsFor('orders', stray)), wrong)
  t.equal(await it.fate(transaction.flush(stray)), wrong)
  t.equal(await it.fate(transaction.writable(stray)), wrong)
  t.equal(await it.fate(transaction.sendOffsets('group', [], stray)), wrong)
  t.equal(transaction.state, 'open')
  t.equal(await it.fate(transaction.commit()), 'ok')
  for (const timeoutMs of [-1, 'x'] as never[]) {
    t.not(await it.fate(it.producer.close({ timeoutMs })), 'ok')
  }
})

t.test('after close, and where all is over, nothing begins', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    await it.run(it.producer.close())
    t.equal(await it.fate(it.producer.begin()), CLOSED)
    t.equal(await it.fate(it.producer.connect()), CLOSED)
    t.equal(await it.fate(it.producer.transaction(() => 1)), CLOSED)
    t.equal(await it.fate(it.producer.partitionsFor('orders')), CLOSED)
    const other = await rig(t, level)
    const errorCode = ErrorCodes.INVALID_PRODUCER_ID_MAPPING
    other.cluster.failNext('EndTxn', { errorCode })
    const transaction = await other.begin()
    void other.send(transaction, 'a')
    t.equal(await other.fate(transaction.commit()), ABORTED)
    t.equal(await other.fate(other.producer.begin()), FATAL)
    t.equal(await other.fate(other.producer.connect()), FATAL)
  }
})

t.test('sendAll has no options, whatever its records come from', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  const source = async function* (): AsyncGenerator<{ topic: string; value: string }> {
    yield { topic: 'orders', value: 'a' }
  }
  for (const records of [[], source()]) {
    const options = { signal: AbortSignal.abort() } as never
    t.equal(await it.fate(transaction.sendAll(records, options)), 'ERR_OTTLA_INVALID_RECORD')
  }
  await it.run(transaction.commit())
  t.strictSame(it.stored(), [])
})
