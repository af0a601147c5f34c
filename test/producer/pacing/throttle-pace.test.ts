import t from 'tap'
import { ThrottlePace } from '../../../src/producer/pacing/throttle-pace.js'
import { SendingRig } from '../support/sending.js'

t.test('what is sent is what brings about a pause of a second', async (t) => {
  const pace = new ThrottlePace()
  t.equal(pace.limitBytes, Infinity)
  pace.throttled(300_000, 10_000)
  t.equal(pace.limitBytes, 30_000)
  pace.throttled(30_000, 1_000)
  t.equal(pace.limitBytes, 30_000)
  pace.throttled(30_000, 600_000)
  t.equal(pace.limitBytes, 1_024, 'but never less than this')
})

t.test('a short pause lets it grow, no more than twofold at a time', async (t) => {
  const pace = new ThrottlePace()
  pace.throttled(10_000, 1_000)
  pace.throttled(10_000, 10)
  t.equal(pace.limitBytes, 20_000)
})

t.test('answers without a pause end it, in a few steps', async (t) => {
  const pace = new ThrottlePace()
  pace.throttled(100_000, 1_000)
  const seen: number[] = []
  while (pace.isThrottling) {
    pace.taken(1_000_000)
    seen.push(pace.limitBytes)
  }
  t.strictSame(seen, [200_000, 400_000, 800_000, Infinity])
})

/** A full batch, alone in its request. */
function fill(rig: SendingRig, partition: number): void {
  rig.take('x'.repeat(1_200), partition)
  rig.queue(partition).closeOpen()
  rig.sender.consider(rig.queue(partition))
}

/** Partitions with full batches in line, at a broker that has throttled a request of 2,600 bytes. */
function throttled(throttleTimeMs: number): SendingRig {
  const rig = new SendingRig({ leaders: [1, 1] })
  for (const partition of [0, 1]) rig.prove(partition)
  for (const partition of [0, 1]) rig.take('x'.repeat(1_200), partition)
  rig.run()
  rig.sent().at(-1)?.answer({}, { throttleTimeMs })
  rig.run()
  rig.connection(1).sent.length = 0
  for (let i = 0; i < 8; i++) for (const partition of [0, 1]) fill(rig, partition)
  rig.run()
  return rig
}

t.test('after a throttle a request is as large as a second’s worth, and alone', async (t) => {
  const rig = throttled(1_000)
  t.strictSame(rig.sent().map(({ batches }) => batches.length), [2], 'as much as took a second')
  rig.sent()[0]?.answer({}, { throttleTimeMs: 4_000 })
  rig.run()
  t.strictSame(rig.sent().map(({ batches }) => batches.length), [2, 1])
  rig.sent()[1]?.answer()
  rig.run()
  rig.sent()[2]?.answer()
  rig.run()
  t.equal(rig.sent()[3]?.batches.length, 2, 'more, as answers come without a throttle')
  for (let i = 3; rig.sent()[i]; i++) {
    rig.sent()[i]?.answer()
    rig.run()
  }
  t.strictSame(new Set(rig.told.map((line) => line.split(': ')[1])), new Set(['100']))
}) // prettier-ignore

t.test('while a broker throttles, batches are full sooner', async (t) => {
  const rig = throttled(500_000)
  t.equal(rig.queue(0).fillBytes(16_384), 1_024)
  rig.take('a', 0)
  t.ok((rig.queue(0).open?.records.limitBytes ?? Infinity) <= 1_024)
})

t.test('a broker that pauses is not taken for one that is silent', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  for (const partition of [0, 1]) rig.prove(partition)
  for (const partition of [0, 1]) {
    fill(rig, partition)
    rig.run()
  }
  const before = rig.refreshes
  rig.sent()[0]?.answer({}, { throttleTimeMs: 5_000 })
  rig.clock.advance(5_999)
  t.equal(rig.refreshes, before)
  rig.clock.advance(1)
  t.equal(rig.refreshes, before + 1)
})
