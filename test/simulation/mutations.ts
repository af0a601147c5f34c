/**
 * Deliberate defects, to see that the simulation sees: each changes a line or two of the built
 * producer in a copy, and the simulation must fail within the seeds of `npm test`.
 *
 *   node build/test/simulation/mutations.js            a table: which seed finds each, and how
 *   node build/test/simulation/mutations.js gap        only those whose name has "gap" in it
 *   node build/test/simulation/mutations.js transactions    only those of transactions
 *
 * A mutation whose text is not in the sources any more is an error: it must follow them.
 * Neighbours: mutation-list.ts has them; main.ts is what is run; mutations-check.ts holds the result.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTATIONS, type Mutation } from './mutation-list.js'
import { TRANSACTIONAL_MUTATIONS } from './transactions/mutation-list.js'

/** As many as `npm test` runs of the unchanged producer. */
export const SEEDS = 2000
export const TRANSACTIONAL_SEEDS = 500
export const ALL_MUTATIONS: readonly Mutation[] = [...MUTATIONS, ...TRANSACTIONAL_MUTATIONS]
const AT_ONCE = 2
const TIMEOUT_MS = 900_000

/** What became of a mutation. */
export interface Finding {
  readonly mutation: Mutation
  /** The first seed that fails; null where none does. */
  readonly seed: number | null
  /** What that seed complains of first. */
  readonly complaint: string
}

const build = fileURLToPath(new URL('../../', import.meta.url))

/** Applies the mutation to a copy of the build and runs the simulation until it fails. */
export async function hunt(mutation: Mutation): Promise<Finding> {
  const copy = mkdtempSync(join(tmpdir(), 'ottla-mutation-'))
  try {
    for (const folder of ['src', 'test/simulation']) {
      cpSync(join(build, folder), join(copy, folder), { recursive: true })
    }
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
    for (const change of mutation.changes) {
      const path = join(copy, 'src', change.file)
      writeFileSync(path, changed(readFileSync(path, 'utf8'), change))
    }
    const { isTransactional = false } = mutation
    const seeds = mutation.seeds ?? (isTransactional ? TRANSACTIONAL_SEEDS : SEEDS)
    const how = isTransactional ? '--transactions' : '--no-transactions'
    const output = await run(join(copy, 'test/simulation/main.js'), seeds, how)
    const [, seed, complaint = ''] = /seed (\d+) fails:\s*(.*)/.exec(output) ?? []
    return { mutation, seed: seed === undefined ? null : Number(seed), complaint }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** The source with the one place changed that `find` names; layout does not count. */
export function changed(source: string, { file, find, put }: Mutation['changes'][number]): string {
  const escaped = find.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const pattern = new RegExp(escaped.trim().replaceAll(/\s+/g, String.raw`\s*`), 'g')
  const count = [...source.matchAll(pattern)].length
  if (count !== 1) throw new Error(`${file} has ${count} times: ${find}`)
  return source.replace(pattern, () => put)
}

function run(main: string, seeds: number, how: string): Promise<string> {
  const args = ['--max-old-space-size=400', main, how, '--seeds', String(seeds), '--failures', '1']
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (_, stdout) => {
      resolve(stdout)
    })
  })
}

/** Hunts for several at a time, in the order of the list. */
export async function huntAll(
  mutations: readonly Mutation[],
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const left = [...mutations]
  const hunter = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      onFinding(await hunt(next))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, hunter))
}

async function main(filter: string): Promise<void> {
  console.log('| mutation | first seed | it complains |\n|---|---:|---|')
  const chosen = ALL_MUTATIONS.filter(
    ({ name, isTransactional }) =>
      name.includes(filter) || (filter === 'transactions' && isTransactional === true),
  )
  await huntAll(chosen, ({ mutation, seed, complaint }) => {
    const how = complaint.replaceAll('|', '/').slice(0, 110)
    console.log(`| ${mutation.name} | ${seed ?? 'none'} | ${how} |`)
    if (seed === null) process.exitCode = 1
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? '')
