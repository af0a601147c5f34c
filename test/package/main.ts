/**
 * `npm run test:package`: packs Ottla, installs the tarball and tries it in a project of every kind
 * that people have; prints a table. The tools are fetched the first time, and kept.
 *
 *   npm run test:package                     all
 *   npm run test:package -- jest rollup      those whose line has one of these words
 *   npm run test:package -- --ci             the subset that .ci/run tries
 *   npm run test:package -- --write          all, and the table into docs/compatibility.md
 *
 * Neighbours: workshop.ts installs; projects/ has the kinds; compatibility.ts has the table.
 */
import { performance } from 'node:perf_hooks'
import Table from 'cli-table3'
import { writeTable, type Verdict } from './compatibility.js'
import { BUNDLER_PROJECTS } from './projects/bundlers.js'
import { FORMAT_PROJECTS } from './projects/formats.js'
import { HEALTH_PROJECTS } from './projects/health.js'
import { LOGGER_PROJECTS } from './projects/loggers.js'
import { MANAGER_PROJECTS } from './projects/managers.js'
import { OLD_LIBRARY_PROJECTS } from './projects/old-libraries.js'
import { OPENTELEMETRY_PROJECTS } from './projects/opentelemetry.js'
import type { Project } from './projects/project.js'
import { PROTOBUF_PROJECTS } from './projects/protobuf.js'
import { PROMETHEUS_PROJECTS } from './projects/prometheus.js'
import { README_PROJECTS } from './projects/readme.js'
import { RUNTIMES } from './projects/runtimes.js'
import { SCHEMA_REGISTRY_PROJECTS } from './projects/schema-registry.js'
import { STREAM_PROJECTS } from './projects/streams.js'
import { TEST_RUNNERS } from './projects/test-runners.js'
import { TYPESCRIPT_PROJECTS } from './projects/typescript.js'
import { NotHere, Workshop } from './workshop.js'

const PROJECTS: readonly Project[] = [
  ...README_PROJECTS,
  ...RUNTIMES,
  ...SCHEMA_REGISTRY_PROJECTS,
  ...TYPESCRIPT_PROJECTS,
  ...TEST_RUNNERS,
  ...BUNDLER_PROJECTS,
  ...MANAGER_PROJECTS,
  ...LOGGER_PROJECTS,
  ...OPENTELEMETRY_PROJECTS,
  ...FORMAT_PROJECTS,
  ...PROTOBUF_PROJECTS,
  ...PROMETHEUS_PROJECTS,
  ...OLD_LIBRARY_PROJECTS,
  ...HEALTH_PROJECTS,
  ...STREAM_PROJECTS,
]

async function verdictOf(project: Project, workshop: Workshop): Promise<Verdict> {
  const { group, name } = project
  const startedMs = performance.now()
  const took = (): number => (performance.now() - startedMs) / 1000
  try {
    await project.try(workshop)
    return { group, name, outcome: 'works', seconds: took() }
  } catch (error) {
    const outcome = error instanceof NotHere ? 'not tried here' : 'FAILS'
    return { group, name, outcome, seconds: took(), reason: (error as Error).message }
  }
}

async function main(args: readonly string[]): Promise<boolean> {
  const words = args.filter((arg) => !arg.startsWith('--')).map((word) => word.toLowerCase())
  const isAsked = ({ group, name, isInSubset }: Project): boolean => {
    const line = `${group} ${name}`.toLowerCase()
    if (args.includes('--ci') && !isInSubset) return false
    return words.length === 0 || words.some((word) => line.includes(word))
  }
  const workshop = await Workshop.open()
  const verdicts: Verdict[] = []
  try {
    for (const project of PROJECTS.filter(isAsked)) {
      const verdict = await verdictOf(project, workshop)
      verdicts.push(verdict)
      if (verdict.reason !== undefined) console.log(`--- ${verdict.name}\n${verdict.reason}\n`)
    }
  } finally {
    await workshop.close()
  }
  print(verdicts)
  const isWell = verdicts.length > 0 && verdicts.every(({ outcome }) => outcome !== 'FAILS')
  if (args.includes('--write') && isWell) await writeTable(verdicts)
  return isWell
}

function print(verdicts: readonly Verdict[]): void {
  const table = new Table({ head: ['', 'project', 'outcome', 's'] })
  for (const { group, name, outcome, seconds } of verdicts) {
    table.push([group, name, outcome, seconds.toFixed(1)])
  }
  console.log(table.toString())
  const count = (outcome: Verdict['outcome']): number =>
    verdicts.filter((it) => it.outcome === outcome).length
  console.log(
    `${count('works')} work, ${count('FAILS')} fail, ${count('not tried here')} not tried here`,
  )
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
