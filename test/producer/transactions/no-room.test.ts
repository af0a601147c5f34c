/** What streams and sources do with the record that found no room, where its transaction ends meanwhile. */
import t from 'tap'
import { tracingChannel } from 'node:diagnostics_channel'
import { ABORTED, fateOf, LEVELS, rig, type Rig, type TestTransaction } from './support.js'

const SMALL = { bufferMemoryBytes: 16_384, batchSizeBytes: 1024 }

const COUNT = 40
const record = (n: number): { topic: string; value: string } => ({
  topic: 'orders',
  value: `${n} `.padEnd(900, 'x'),
})

/** The records that were read from it until now. */
function* source(read: string[] = []): Generator<{ topic: string; value: string }> {
  for (let n = 0; n < COUNT; n++) {
    read.push(record(n).value)
    yield record(n)
  }
}

async function* later(): AsyncGenerator<{ topic: string; value: string }> {
  yield* source()
}

/** Each gives more than there is room for, and is settled once its records are. */
const GIVERS: { readonly [name: string]: (txn: TestTransaction) => Promise<unknown> } = {
  sendEach: async (txn) => {
    for await (const { error } of txn.sendEach(source())) if (error !== null) break
  },
  'sendAll of an asynchronous source': (txn) => txn.sendAll(later()),
  'a stream': (txn) =>
    new Promise((resolve, reject) => {
      const stream = txn.createWriteStream()
      stream.on('error', reject).on('finish', () => resolve(null))
      for (let n = 0; n < COUNT; n++) stream.write(record(n))
    }),
  'a Web stream': async (txn) => {
    const writer = txn.createWritableStream().getWriter()
    for (let n = 0; n < COUNT; n++) writer.write(record(n)).catch(() => {})
    await writer.closed
  },
}

/** A producer whose buffer is full, and its broker frozen. */
async function full(it: Rig, give: (txn: TestTransaction) => Promise<unknown>) {
  await it.commit('warm')
  it.cluster.broker(1).freeze()
  const txn = await it.begin()
  const given = fateOf(give(txn))
  await it.settle()
  return { txn, given }
}

for (const [name, give] of Object.entries(GIVERS)) {
  t.test(`interceptors: ${name} finds no room, and its transaction is aborted`, async (t) => {
    for (const level of LEVELS) {
      const fates = new Map<string, string[]>()
      const it = await rig(t, level, {
        producer: {
          ...SMALL,
          interceptors: [
            {
              onSend: ({ value }) => void fates.set(String(value), []),
              onOutcome: ({ record: { value }, error }) =>
                void fates.get(String(value))?.push(error?.code ?? 'ok'),
            },
          ],
        },
      })
      const { txn, given } = await full(it, give)
      const seenCount = fates.size
      const aborted = fateOf(txn.abort())
      it.cluster.broker(1).unfreeze()
      t.equal(await it.run(aborted), 'ok')
      await it.run(given)
      t.ok(seenCount > 2 && seenCount < COUNT, 'some found room, some not')
      const told = [...fates.values()].slice(1)
      t.strictSame(told, told.map(() => [ABORTED]), 'each is told once') // prettier-ignore
      await it.commit('next')
      t.equal(await it.fate(it.producer.transaction((next) => next.sendAll(later()))), 'ok')
      t.equal(it.committed().length, 2 + COUNT, `level ${level}: nothing is wedged`)
    }
  })
}

t.test('a subscriber of the channel: the same', async (t) => {
  const channel = tracingChannel('ottla:producer:send')
  const subscriber = { start() {}, end() {}, asyncStart() {}, asyncEnd() {}, error() {} }
  channel.subscribe(subscriber)
  t.teardown(() => channel.unsubscribe(subscriber))
  const it = await rig(t, 2, { producer: SMALL })
  const { txn, given } = await full(it, (txn) => txn.sendAll(later()))
  const aborted = fateOf(txn.abort())
  it.cluster.broker(1).unfreeze()
  t.equal(await it.run(aborted), 'ok')
  await it.run(given)
  await it.commit('next')
  t.strictSame(it.committed(), ['warm', 'next'])
})

for (const interceptors of [[], [{ onSend: () => undefined }]]) {
  t.test(`${interceptors.length} interceptors: a commit waits for what was read`, async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level, { producer: { ...SMALL, interceptors } })
      const read: string[] = []
      const controller = new AbortController()
      const { txn, given } = await full(it, async (txn) => {
        for await (const _ of txn.sendEach(source(read), { signal: controller.signal }));
      })
      controller.abort()
      t.equal(await it.run(given), 'ERR_OTTLA_ABORTED')
      const committed = fateOf(txn.commit())
      await it.settle()
      t.equal(
        await it.fate(txn.send({ topic: 'orders', value: 'late' })),
        'ERR_OTTLA_TRANSACTION_STATE',
      )
      it.cluster.broker(1).unfreeze()
      t.equal(await it.run(committed), 'ok')
      t.ok(read.length > 2 && read.length < COUNT)
      t.strictSame(it.committed().toSorted(), ['warm', ...read].toSorted(), `level ${level}`)
      await it.commit('next')
    }
  })
}

t.test('a commit waits no longer once what waits is withdrawn, or the time is up', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { ...SMALL, transactionTimeoutMs: 20_000 } })
    const gone = await full(it, (txn) => {
      const stream = txn.createWriteStream()
      for (let n = 0; n < COUNT; n++) stream.write(record(n))
      return new Promise((resolve) => {
        stream.on('error', resolve)
        setImmediate(() => stream.destroy(new Error('by the user')))
      })
    })
    const committed = fateOf(gone.txn.commit())
    await it.settle()
    it.cluster.broker(1).unfreeze()
    t.equal(await it.run(committed), 'ok', `level ${level}`)
    await it.run(gone.given)

    const late = await full(it, (txn) => txn.sendAll(later()))
    const tooLate = fateOf(late.txn.commit())
    await it.advance(18_000) // the local limit is at 5/6 of it
    it.cluster.broker(1).unfreeze()
    t.equal(await it.run(tooLate), ABORTED)
    await it.run(late.given)
    await it.commit('next')
  }
})
