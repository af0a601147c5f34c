import t from 'tap'
import { SendingRig } from '../support/sending.js'

/** As pipeline.ts does; nobody is parked. */
function flush(rig: SendingRig): () => boolean {
  let isFlushed = false
  const done = (): void => void (isFlushed = true)
  rig.accumulator.releaseLingering(Infinity)
  rig.accumulator.spans.whenOver(done)
  rig.run()
  return () => isFlushed
}

t.test('a flush overrides linger, and ends when all is settled', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1], lingerMs: 1000 })
  rig.take('a', 0)
  rig.take('b', 1)
  const isFlushed = flush(rig)
  t.strictSame(rig.sent()[0]?.values.toSorted(), ['a', 'b'])
  t.equal(isFlushed(), false)
  rig.sent()[0]?.answer()
  t.equal(isFlushed(), true)
})

t.test('a flush does not wait for what comes after it, nor fail for an error', async (t) => {
  const rig = new SendingRig()
  rig.take('a')
  const isFlushed = flush(rig)
  rig.send('b')
  rig.sent()[0]?.answer({ 0: 87 })
  t.strictSame(rig.told, ['a: rejected'])
  t.equal(isFlushed(), true)
})

t.test('with nothing to wait for it ends at once', async (t) => {
  t.equal(flush(new SendingRig())(), true)
})

t.test('a flush waits for the children of a batch that was split', async (t) => {
  const rig = new SendingRig()
  rig.take('a')
  rig.take('b')
  const isFlushed = flush(rig)
  rig.sent()[0]?.answer({ 0: 10 })
  rig.run()
  rig.sent()[1]?.answer()
  rig.run()
  t.equal(isFlushed(), false)
  rig.sent()[2]?.answer()
  t.equal(isFlushed(), true)
})
