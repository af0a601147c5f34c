/**
 * Simulations from the command line:
 *
 *   node build/test/simulation/main.js --seeds 100000          many, one after the other
 *   node build/test/simulation/main.js --seed 4711 --trace     one again, telling everything
 *
 * Options: --seeds N, --from N (first seed, default 1), --seed N, --trace, --failures N (stop at the
 * N-th failing seed, default 10), --progress, --kinds a,b (besides those enabled in plan.ts; all:
 * every one), --having a,b (only seeds of these kinds), --transactions (the transactional run of each
 * seed, which one in four has beside its usual one, and that alone), --no-transactions. Exit code 1 when
 * any seed fails.
 */
import { parseArgs } from 'node:util'
import { drawPlan, ENABLED, KINDS, type Kind } from './plan.js'
import { simulate, type Outcome } from './simulation.js'
import { hasTransactions } from './transactions/plan.js'
import { simulateTransactions } from './transactions/simulation.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    progress: { type: 'boolean', default: false },
    failures: { type: 'string', default: '10' },
    kinds: { type: 'string', default: '' },
    having: { type: 'string', default: '' },
    transactions: { type: 'boolean', default: false },
    'no-transactions': { type: 'boolean', default: false },
  },
})

const again =
  values.kinds + values.having === ''
    ? ''
    : ` --kinds ${[values.kinds, values.having].filter((it) => it !== '').join()}`

function report({ seed, violations }: Outcome, how: string): void {
  console.log(`seed ${seed} fails:`)
  for (const violation of violations.slice(0, 5)) console.log(`    ${firstLine(violation)}`)
  console.log(`    again: node ${process.argv[1] ?? ''} --seed ${seed} --trace${how}`)
}

function firstLine(violation: string): string {
  return values.trace ? violation : (violation.split('\n')[0] ?? '').slice(0, 300)
}

function kindsNamed(text: string): Kind[] {
  const all = Object.keys(KINDS) as Kind[]
  if (text === 'all') return all
  const names = text.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !(name in KINDS))
  if (unknown.length > 0)
    throw new RangeError(`no kinds: ${unknown.join()}; there are ${all.join()}`)
  return names as Kind[]
}

const having = kindsNamed(values.having)
const kinds = new Set<Kind>([...ENABLED, ...kindsNamed(values.kinds), ...having])
const first = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds) : 1
const startedMs = performance.now()
const total = { seeds: 0, failed: 0, records: 0, acked: 0, events: 0, virtualMs: 0 }

/** False: enough seeds have failed. */
function count(outcome: Outcome, how: string): boolean {
  if (values.progress)
    console.log(`seed ${outcome.seed}: ${outcome.events} events, digest ${outcome.digest}`)
  total.records += outcome.records
  total.acked += outcome.acked
  total.events += outcome.events
  total.virtualMs += outcome.virtualMs
  if (outcome.violations.length === 0) return true
  total.failed++
  report(outcome, how)
  return total.failed < Number(values.failures)
}

async function run(seed: number): Promise<boolean> {
  const trace = values.trace ? (line: string): void => console.log(line) : null
  if (!values.transactions) {
    if (having.length > 0 && !having.some((kind) => drawPlan(seed, kinds).kinds.has(kind)))
      return true
    if (!count(await simulate(seed, trace, kinds), again)) return false
  }
  total.seeds++
  const isDrawn = having.length === 0 && !values['no-transactions'] && hasTransactions(seed)
  if (!values.transactions && (values.trace || !isDrawn)) return true
  return count(await simulateTransactions(seed, trace), ' --transactions')
}

for (let seed = first; seed < first + seeds; seed++) {
  if (!(await run(seed))) break
  if (total.seeds > 0 && total.seeds % 10_000 === 0)
    console.log(`${total.seeds} seeds, ${total.failed} failed`)
}
const seconds = (performance.now() - startedMs) / 1000
console.log(
  `${total.seeds} seeds, ${total.failed} failed: ${total.records} records (${total.acked} acked), ${total.events} events, ${Math.round(total.virtualMs / 1000)} virtual seconds in ${seconds.toFixed(1)} s`,
)
process.exitCode = total.failed === 0 ? 0 : 1
