/**
 * Every deliberate defect is found by the seeds that every test run has. The table is in
 * docs/mutations.md.
 */
import t from 'tap'
import { ALL_MUTATIONS, huntAll } from './mutations.js'

t.setTimeout(3_600_000)

t.test('the simulation finds every mutation', async (t) => {
  await huntAll(ALL_MUTATIONS, ({ mutation, seed, complaint }) => {
    t.ok(
      seed !== null,
      `${mutation.name}: ${seed === null ? 'not found' : `seed ${seed}: ${complaint}`}`,
    )
  })
})
