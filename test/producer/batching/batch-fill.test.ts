import t from 'tap'
import { BatchFill } from '../../../src/producer/batching/batch-fill.js'
import { batchOf, queueOf } from '../support/pieces.js'

t.test('without a gain a batch takes its size and no more', async (t) => {
  const fill = new BatchFill(1000, 50_000)
  t.equal(fill.ratio, 1)
  t.equal(fill.targetBytes, 1000)
  fill.observed(1.2)
  t.equal(fill.targetBytes, 1000)
})

t.test('it gets better a tenth of the way with each batch', async (t) => {
  const fill = new BatchFill(1000, 50_000)
  fill.observed(0.5)
  t.equal(fill.ratio, 0.95)
  for (let i = 0; i < 200; i++) fill.observed(0.5)
  t.ok(Math.abs(fill.ratio - 0.5) < 1e-6)
  t.ok(Math.abs(fill.targetBytes - 1000 / (0.5 * 1.05)) < 2)
})

t.test('it gets worse at once, and never worse than no gain', async (t) => {
  const fill = new BatchFill(1000, 50_000)
  for (let i = 0; i < 200; i++) fill.observed(0.2)
  fill.observed(0.8)
  t.equal(fill.ratio, 0.8)
  fill.observed(3)
  t.equal(fill.ratio, 1)
})

t.test('a batch is bounded by what may be sent if nothing is gained', async (t) => {
  const fill = new BatchFill(1000, 3000)
  for (let i = 0; i < 200; i++) fill.observed(0.01)
  t.equal(fill.targetBytes, 3000)
  t.equal(new BatchFill(1000, 10).targetBytes, 1000, 'and never below its size')
})

t.test('a reset begins again', async (t) => {
  const fill = new BatchFill(1000, 3000)
  for (let i = 0; i < 50; i++) fill.observed(0.1)
  fill.reset(1)
  t.equal(fill.ratio, 1)
  fill.reset(0.5)
  t.equal(fill.ratio, 0.5)
  fill.reset(7)
  t.equal(fill.ratio, 1)
})

t.test(
  'a batch that its broker refused makes the next ones smaller, at the same ratio',
  async (t) => {
    const fill = new BatchFill(4000, 50_000)
    fill.reset(0.5)
    fill.refused(4000)
    t.equal(fill.ratio, 0.5, 'of which the refusal says nothing')
    t.equal(fill.targetBytes, Math.floor(1000 / (0.5 * 1.05)))
    fill.refused(20_000)
    t.equal(fill.targetBytes, Math.floor(1000 / (0.5 * 1.05)), 'what was known')
  },
)

t.test('the next batch may be one that finds out more', async (t) => {
  const fill = new BatchFill(4000, 50_000)
  fill.refused(4000)
  for (let i = 0; i < 4; i++) fill.taken(990)
  t.equal(fill.targetBytes, 1000)
  t.equal(fill.nextBytes, 2000)
  fill.reset(0.5)
  t.equal(fill.nextBytes, Math.floor(2000 / (0.5 * 1.05)))
  fill.opened(batchOf(queueOf()))
  t.equal(fill.nextBytes, fill.targetBytes, 'one at a time')
  for (let i = 0; i < 4; i++) fill.taken(1990)
  t.equal(fill.targetBytes, Math.floor(1990 / (0.5 * 1.05)))
})

t.test('parts of what was refused are as large as is taken', async (t) => {
  const fill = new BatchFill(4000, 50_000)
  fill.refused(4000)
  t.equal(fill.partBytes(4000, 4000), 1000)
  t.equal(fill.partBytes(16_000, 4000), Math.floor(4000 / 1.05))
})

t.test('only a batch of half the size and more tells how a full one comes out', async (t) => {
  const fill = new BatchFill(1000, 3000)
  t.equal(fill.isTelling(499), false)
  t.equal(fill.isTelling(500), true)
  fill.refused(1000)
  t.equal(fill.isTelling(125), true, 'of the size that the broker takes')
})
