/**
 * The hot path allocates next to nothing: bytes of heap for one record, from the call until it is
 * acknowledged by a broker in memory. A BigInt, a Date or a closure for each record would be 16 to
 * 64 bytes more. Counted, not timed; bench/subjects/allocation.ts is the program that counts.
 */
import t from 'tap'
import { allocationSubject } from '../../bench/cases/memory.js'
import { runSubject } from '../../bench/support/run-subject.js'
import { makeTask } from '../../bench/task.js'

/** Bytes a record that are allowed. Tighten them when the producer has become better. */
const LIMITS = [
  { mode: 'enqueue', hasCallback: false, limit: 32 },
  { mode: 'enqueue', hasCallback: true, limit: 90 },
  { mode: 'send', hasCallback: false, limit: 250 },
] as const

const TIMEOUT_MS = 60_000
const OPTIONS = {
  ...{
    cases: [],
    rounds: 1,
    seconds: undefined,
    nodes: undefined,
    json: false,
    groups: [],
    only: [],
  },
  records: 100_000,
}

for (const { mode, hasCallback, limit } of LIMITS) {
  const name = hasCallback ? `${mode} with a callback` : mode
  t.test(`${name} allocates at most ${limit} bytes for a record`, async (t) => {
    const subject = allocationSubject(mode, hasCallback)
    const group = { title: mode, task: {}, subjects: [subject], takesPeers: false }
    const task = { ...makeTask(group, subject, OPTIONS), topic: 'allocation' }
    const { figures } = await runSubject(subject.program, task, TIMEOUT_MS)
    const allocated = figures?.allocatedBytes ?? NaN
    t.comment(`${allocated.toFixed(1)} bytes`)
    t.ok(allocated <= limit, `${allocated.toFixed(1)} bytes`)
  })
}
