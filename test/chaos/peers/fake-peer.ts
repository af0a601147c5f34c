/** A peer that needs no broker, for program.test.ts: every tenth record fails, the others are acked. */
import { runPeer } from './program.js'

runPeer(async (_task, outcomes) => ({
  everyMs: 1,
  hand: (records) => {
    for (const record of records) {
      if (record.number % 10 === 3) outcomes.failed(record, new Error('not\n this one'))
      else outcomes.acked(record, record.number * 2)
    }
  },
}))
