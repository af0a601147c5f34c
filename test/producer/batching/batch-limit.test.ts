// The search for what a topic's brokers take, against a model of them: batches fill to what is
// aimed at, less a part of a record, and are refused above the limit.
import t from 'tap'
import type { ProducerBatch } from '../../../src/producer/batching/batch.js'
import { BatchLimit } from '../../../src/producer/batching/batch-limit.js'
import { collectGarbage } from '../../support/collect-garbage.js'
import { batchOf, queueOf, seededRandom } from '../support/pieces.js'

const USUAL = 524_288

interface Model {
  readonly limit: BatchLimit
  /** What the broker takes; may be changed. */
  maxMessageBytes: number
  readonly taken: number[]
  readonly refused: number[]
  /** Sends so many full batches, `atOnce` of them before the first is answered. */
  run(batches: number, atOnce?: number): void
}

function model(maxMessageBytes: number, fill: () => number = () => 0.999): Model {
  const limit = new BatchLimit(USUAL)
  const taken: number[] = []
  const refused: number[] = []
  const answer = (batch: ProducerBatch, sizeBytes: number): void => {
    const isTaken = sizeBytes <= it.maxMessageBytes
    ;(isTaken ? taken : refused).push(sizeBytes)
    batch.close()
    batch.attempted(1, 0)
    if (isTaken) limit.taken(sizeBytes)
    else limit.refused(sizeBytes)
    if (isTaken) batch.acknowledge(0n, -1, () => {})
    else batch.becomeSplit([])
  }
  const open = (): [ProducerBatch, number] => {
    const sizeBytes = Math.floor(limit.nextBytes * fill())
    const batch = batchOf(queueOf())
    limit.opened(batch)
    return [batch, sizeBytes]
  }
  const it: Model = {
    limit,
    maxMessageBytes,
    taken,
    refused,
    run(batches, atOnce = 5) {
      for (let sent = 0; sent < batches; sent += atOnce) {
        for (const [batch, sizeBytes] of Array.from({ length: atOnce }, open)) answer(batch, sizeBytes)
      }
    },
  } // prettier-ignore
  return it
}

t.test('while nothing is refused a batch has its usual size', async (t) => {
  const it = model(1_000_000)
  it.run(1000)
  t.equal(it.limit.safeBytes, USUAL)
  t.equal(it.limit.nextBytes, USUAL)
  it.limit.taken(1_000_000)
  t.equal(it.limit.safeBytes, USUAL, 'a giant taken makes no giants')
})

t.test('any limit is found within a few refusals, and then kept to', async (t) => {
  for (const maxMessageBytes of [500_000, 300_000, 100_000, 40_000, 10_000, 1000, 200]) {
    const it = model(maxMessageBytes)
    it.run(100)
    t.ok(it.limit.safeBytes > 0.85 * maxMessageBytes, `${it.limit.safeBytes} of ${maxMessageBytes}`)
    t.ok(it.limit.safeBytes <= maxMessageBytes)
    const several = it.refused.filter((size) => size < USUAL * 0.9)
    t.ok(several.length < 30, `${maxMessageBytes}: ${several.length} refused`)
  }
})

t.test('looking for a raised limit costs less than one batch in a hundred', async (t) => {
  const it = model(100_000)
  it.run(200)
  const before = it.refused.length
  it.run(10_000, 64)
  const refused = it.refused.length - before
  t.ok(refused > 0)
  // A refused probe is two batches more: itself, and one of its halves.
  t.ok(2 * refused < 100, `${refused} in 10,000`)
})

t.test('and finds it', async (t) => {
  for (const raisedBytes of [150_000, 1_000_000]) {
    const it = model(100_000)
    it.run(200)
    it.maxMessageBytes = raisedBytes
    it.run(400)
    t.ok(it.limit.safeBytes > 0.85 * Math.min(USUAL, raisedBytes), `${it.limit.safeBytes}`)
  }
})

t.test('one probe at a time, however many batches are opened', async (t) => {
  const it = model(100_000)
  it.run(1)
  t.equal(it.limit.safeBytes, Math.floor((USUAL * 0.999) / 4))
  it.run(1)
  it.run(64, 64)
  it.refused.length = 0
  it.run(64, 64)
  t.ok(it.refused.length <= 1)
})

t.test('a probe that comes to nothing is made again', async (t) => {
  const limit = new BatchLimit(1000)
  limit.refused(1000)
  for (let i = 0; i < 4; i++) limit.taken(240)
  const probe = batchOf(queueOf())
  t.equal(limit.nextBytes, 500)
  limit.opened(probe)
  for (let i = 0; i < 9; i++) limit.taken(240)
  t.equal(limit.nextBytes, 250, 'not while it is under way')
  probe.close()
  probe.fail(() => new Error('out of time'), () => {}, () => {}) // prettier-ignore
  t.equal(limit.nextBytes, 250)
  for (let i = 0; i < 256; i++) limit.taken(240)
  t.equal(limit.nextBytes, 1000, 'later, and further')
  limit.refused(700)
  for (let i = 0; i < 4; i++) limit.taken(240)
  t.equal(limit.nextBytes, Math.floor(Math.sqrt(250 * 700)))
})

t.test('records too large to come near the limit do not hide that it was raised', async (t) => {
  const RECORD = 50_000
  const it = model(99_000, () => Math.max(RECORD, Math.floor(it.limit.nextBytes / RECORD) * RECORD) / it.limit.nextBytes)
  it.run(1000)
  t.ok(it.refused.length < 30, `${it.refused.length} refused`)
  t.equal(it.limit.safeBytes, RECORD)
  it.maxMessageBytes = 1_000_000
  it.run(1500)
  t.equal(it.limit.safeBytes, USUAL)
}) // prettier-ignore

t.test('nor do small ones that travel alone', async (t) => {
  const limit = new BatchLimit(USUAL)
  const RECORD = 74
  limit.refused(150)
  for (let batches = 0; batches < 1100; batches++) {
    const batch = batchOf(queueOf())
    const records = Math.max(1, Math.floor((limit.nextBytes - 61) / RECORD))
    limit.opened(batch)
    batch.close()
    limit.taken(61 + records * RECORD)
    batch.fail(() => new Error('settled'), () => {}, () => {}) // prettier-ignore
  }
  t.equal(limit.safeBytes, USUAL)
})

t.test('what was taken is refused: believed the second time', async (t) => {
  const limit = new BatchLimit(USUAL)
  limit.taken(USUAL)
  limit.refused(150)
  t.equal(limit.safeBytes, USUAL)
  limit.taken(150)
  limit.refused(150)
  t.equal(limit.safeBytes, USUAL, 'it was a passing fault, and may be so again')
  limit.refused(400_000)
  t.equal(limit.safeBytes, 61, 'less than the smallest refused: one record')
})

t.test('a lowered limit is followed down, and up again', async (t) => {
  const it = model(1_000_000)
  it.run(50)
  it.maxMessageBytes = 50_000
  it.run(100)
  t.ok(it.limit.safeBytes > 43_000 && it.limit.safeBytes <= 50_000, `${it.limit.safeBytes}`)
  it.maxMessageBytes = 1_000_000
  it.run(400)
  t.equal(it.limit.safeBytes, USUAL)
})

t.test('after a passing fault a few batches are enough', async (t) => {
  const it = model(1_000_000)
  it.run(10)
  it.limit.refused(1500)
  it.limit.refused(1400)
  t.ok(it.limit.safeBytes < 1400)
  it.limit.taken(1450) // one that was opened before
  it.run(20)
  t.equal(it.limit.safeBytes, USUAL)
})

t.test('batches that do not fill say nothing of the limit', async (t) => {
  const limit = new BatchLimit(1000)
  limit.refused(1000)
  for (let i = 0; i < 1000; i++) limit.taken(100)
  t.equal(limit.nextBytes, 250)
})

t.test('batches that come out as they like are as well off', async (t) => {
  const random = seededRandom(4)
  const it = model(100_000, () => 0.85 + 0.15 * random()) // as compressed ones do
  it.run(200)
  const before = it.refused.length
  it.run(5000)
  t.ok(it.refused.length - before < 25, `${it.refused.length - before} refused`)
  const meanBytes = it.taken.slice(-1000).reduce((sum, size) => sum + size, 0) / 1000
  t.ok(meanBytes > 75_000, `${meanBytes}`)
})

t.test('a probe that is done is let go, with its buffer', async (t) => {
  const known = Array.from({ length: 20 }, () => {
    const limit = new BatchLimit(1000)
    limit.refused(1000)
    for (let i = 0; i < 4; i++) limit.taken(240)
    const probe = batchOf(queueOf())
    limit.opened(probe)
    t.equal(limit.nextBytes, 250)
    probe.fail(() => new Error('out of time'), () => {}, () => {}) // prettier-ignore
    return { limit, probe: new WeakRef(probe) }
  })
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  const left = known.filter(({ probe }) => probe.deref() !== undefined)
  t.ok(left.length < 5, `${left.length} of ${known.length} are kept`)
  for (const { limit } of known) for (let i = 0; i < 256; i++) limit.taken(240)
  t.ok(
    known.every(({ limit }) => limit.nextBytes === 1000),
    'the next one may come',
  )
})
