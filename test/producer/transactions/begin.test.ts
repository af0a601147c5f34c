/** Beginning one transaction behind another: turns, signals, and records that are gathered meanwhile. */
import t from 'tap'
import type { ProduceRequest } from '../../../src/protocol/messages/produce.js'
import { decodeBatch } from '../../../src/protocol/record-batch-reader.js'
import { ABORTED, failureOf, fateOf, LEVELS, rig, STATE, TIMEOUT } from './support.js'

t.test('a second transaction waits for its turn', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const first = await it.begin()
    let begun = 0
    const others = [1, 2].map(() => it.producer.begin().then((txn) => (begun++, txn)))
    await it.settle()
    t.equal(begun, 0)
    void it.send(first, 'a')
    await it.run(first.commit())
    await it.settle()
    t.equal(begun, 1, 'one at a time')
    const second = await it.run(others[0] as (typeof others)[number])
    void it.send(second, 'b')
    await it.run(second.abort())
    const third = await it.run(others[1] as (typeof others)[number])
    void it.send(third, 'c')
    await it.run(third.commit())
    t.strictSame(it.committed(), ['a', 'c'])
  }
})

t.test('with wait: false it does not, and is not needed between transactions', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    const first = await it.run(it.producer.begin({ wait: false }))
    t.equal(await it.fate(it.producer.begin({ wait: false })), STATE)
    await it.run(first.commit())
    const second = await it.run(it.producer.begin({ wait: false }))
    void it.send(second, 'a')
    t.equal(await it.fate(it.producer.begin({ wait: false })), STATE)
    await it.run(second.commit())
    t.strictSame(it.committed(), ['a'])
  }
})

t.test('a turn that does not come within maxBlockMs, or is not wanted any more', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { maxBlockMs: 1000 } })
    const first = await it.begin()
    const error = await it.failure(it.producer.begin())
    t.match(error, { code: TIMEOUT, message: /another one .* is open/ })
    const controller = new AbortController()
    const waits = failureOf(it.producer.begin({ signal: controller.signal }))
    await it.settle()
    controller.abort(new Error('no longer'))
    t.match(await it.run(waits), { code: 'ERR_OTTLA_ABORTED', cause: { message: 'no longer' } })
    const fired = it.producer.begin({ signal: AbortSignal.abort() })
    t.equal(await it.fate(fired), 'ERR_OTTLA_ABORTED')
    await it.run(first.commit())
    const second = await it.begin()
    t.equal(second.state, 'open', 'nobody stands before it')
    await it.run(second.abort())
  }
})

t.test('the first begin connects, and the cluster may come later', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level, { producer: { maxBlockMs: 1000, reconnectBackoffMaxMs: 100 } })
    await it.cluster.broker(1).stop()
    t.equal(await it.fate(it.producer.begin()), TIMEOUT)
    t.equal(await it.fate(it.producer.connect()), TIMEOUT)
    await it.cluster.broker(1).start()
    await it.commit('a')
    t.strictSame(it.committed(), ['a'], `level ${level}`)
  }
})

/** The values in a Produce request, with the epoch they have. */
function valuesOf(body: unknown): string[] {
  const { topicData } = body as ProduceRequest
  return topicData.flatMap(({ partitionData }) =>
    partitionData.map(({ records }) => {
      const { producerEpoch, recordCount } = decodeBatch(Buffer.from(records ?? []))
      return `${recordCount} of ${producerEpoch}`
    }),
  )
}

t.test(
  'records are gathered while the last EndTxn is under way, and sent after its answer',
  async (t) => {
    for (const level of LEVELS) {
      const it = await rig(t, level)
      await it.commit('warm')
      it.cluster.transactions.logWriteDelayMs = 300
      const first = await it.begin()
      void it.send(first, 'a')
      const committed = fateOf(first.commit())
      await it.until(() => it.count('EndTxn') === 2)
      const produced = it.count('Produce')
      const ends = it.count('EndTxn')
      const second = await it.begin()
      t.equal(first.state, 'committing', 'it has begun before the answer')
      const sent = [1, 2, 3].map((i) => it.send(second, `b${i}`))
      const offsets = fateOf(
        second.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 3n }]),
      )
      await it.advance(200)
      t.equal(first.state, 'committing')
      t.equal(it.count('Produce'), produced, 'nothing of it is sent')
      t.equal(it.count('TxnOffsetCommit') + it.count('AddOffsetsToTxn'), 0)
      t.equal(it.count('EndTxn'), ends)
      t.equal(await it.run(committed), 'ok')
      t.strictSame(await it.run(Promise.all(sent)), ['ok', 'ok', 'ok'])
      const last = it.requests('Produce').at(-1)
      const epoch = it.cluster.transactions.get('copy-0')?.producerEpoch
      t.strictSame(valuesOf(last?.body), [`3 of ${epoch}`], 'as one batch, under the new identity')
      t.equal(await it.run(offsets), 'ok')
      await it.run(second.commit())
      await it.advance(1000)
      t.strictSame(it.committed(), ['warm', 'a', 'b1', 'b2', 'b3'], `level ${level}`)
      t.match(it.cluster.committedOffsets('g'), [{ offset: 3n }])
    }
  },
)

t.test('the next may be committed, or aborted, before it may send', async (t) => {
  for (const level of LEVELS) {
    for (const end of ['commit', 'abort'] as const) {
      const it = await rig(t, level)
      it.cluster.failNext('EndTxn', { delayMs: 500 })
      const first = await it.begin()
      void it.send(first, 'a')
      const committed = fateOf(first.commit())
      await it.until(() => it.count('EndTxn') === 1)
      const second = await it.begin()
      const sent = it.send(second, 'b')
      const offsets = fateOf(
        second.sendOffsets('g', [{ topic: 'input', partition: 0, offset: 3n }]),
      )
      t.equal(await it.fate(second[end]()), 'ok')
      t.equal(await it.run(sent), end === 'commit' ? 'ok' : ABORTED)
      t.equal(await it.run(offsets), end === 'commit' ? 'ok' : ABORTED)
      t.equal(await it.run(committed), 'ok')
      await it.commit('c')
      t.strictSame(
        it.committed(),
        end === 'commit' ? ['a', 'b', 'c'] : ['a', 'c'],
        `level ${level}`,
      )
      t.equal(it.cluster.committedOffsets('g').length, end === 'commit' ? 1 : 0)
    }
  }
})

t.test('a failed end before it does not take the next one along, unless it is fatal', async (t) => {
  for (const level of LEVELS) {
    const it = await rig(t, level)
    it.cluster.failNext('EndTxn', { delayMs: 300 })
    it.cluster.failNext('EndTxn', { errorCode: 120 })
    const first = await it.begin()
    void it.send(first, 'a')
    const committed = fateOf(first.commit())
    await it.until(() => it.count('EndTxn') === 1)
    const second = await it.begin()
    void it.send(second, 'b')
    t.equal(await it.run(committed), ABORTED)
    t.equal(await it.fate(second.commit()), 'ok')
    t.strictSame(it.committed(), ['b'], `level ${level}`)
  }
})
