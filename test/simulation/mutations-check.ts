/**
 * Every deliberate defect is found by the seeds that every test run has; and where two rules hold
 * the same thing, one of them alone is enough. The table is in docs/mutations.md.
 */
import t from 'tap'
import { MUTATIONS, SILENT } from './mutation-list.js'
import { huntAll, SEEDS } from './mutations.js'

/** A silent mutation needs all its seeds to show that it is silent: fewer will do. */
const SEEDS_OF_SILENT = 200

t.setTimeout(3_600_000)

t.test('the simulation finds every mutation', async (t) => {
  await huntAll(MUTATIONS, SEEDS, ({ mutation, seed, complaint }) => {
    t.ok(
      seed !== null,
      `${mutation.name}: ${seed === null ? 'not found' : `seed ${seed}: ${complaint}`}`,
    )
  })
})

t.test('one of two rules that hold the same thing is enough', async (t) => {
  await huntAll(SILENT, SEEDS_OF_SILENT, ({ mutation, seed, complaint }) => {
    t.equal(seed, null, `${mutation.name} ${complaint}`)
  })
})
