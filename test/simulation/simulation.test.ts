/**
 * The fixed seeds of every test run, and that a seed is the same run each time. More of them:
 * `npm run simulate -- --seeds 100000`.
 */
import t from 'tap'
import { simulate } from './simulation.js'
import { simulateTransactions } from './transactions/simulation.js'

const SEEDS = 2000
const TRANSACTIONAL_SEEDS = 500
const SEEDS_RUN_TWICE = 20
/** Some of them fail together: the first few tell enough. */
const MOST_FAILURES = 5

t.setTimeout(600_000) // 30 s here; slow machines may take their time

t.test(`${SEEDS} simulations keep every promise`, async (t) => {
  let failures = 0
  for (let seed = 1; seed <= SEEDS && failures < MOST_FAILURES; seed++) {
    const { violations } = await simulate(seed)
    if (violations.length === 0) continue
    failures++
    const again = `node build/test/simulation/main.js --seed ${seed} --trace`
    t.fail(`seed ${seed}: ${violations[0] ?? ''}`, { violations, again })
  }
  t.equal(failures, 0)
})

t.test(`${TRANSACTIONAL_SEEDS} simulations of transactions keep every promise`, async (t) => {
  let failures = 0
  for (let seed = 1; seed <= TRANSACTIONAL_SEEDS && failures < MOST_FAILURES; seed++) {
    const { violations } = await simulateTransactions(seed)
    if (violations.length === 0) continue
    failures++
    const again = `node build/test/simulation/main.js --transactions --seed ${seed} --trace`
    t.fail(`seed ${seed}: ${violations[0] ?? ''}`, { violations, again })
  }
  t.equal(failures, 0)
})

t.test('a seed is the same run each time, to the last event', async (t) => {
  for (let seed = 1; seed <= SEEDS_RUN_TWICE; seed++) {
    t.strictSame(await simulate(seed), await simulate(seed))
    t.strictSame(await simulateTransactions(seed), await simulateTransactions(seed))
  }
})
