/**
 * The page docs/compatibility.md, made from what the matrix has found.
 *
 * Neighbours: main.ts writes it.
 */
import { table } from '../docs/markdown.js'
import { APIS } from './negotiated.js'
import type { FileResult, VersionReport } from './run-version.js'
import { LEFT_OUT } from './selection.js'

const INTRODUCTION = `# Compatibility

Which versions of Kafka Ottla was run against, and what came of it. This page is written by
\`npm run test:matrix\`, which starts each of them in turn (2.8 with a ZooKeeper, the others with
KRaft) and runs the tests that need a broker: what Ottla has sent is read back by Kafka's own
consumer.

TLS, SASL and ACLs are tried against [a secured Kafka](testing.md#a-secured-kafka) of the same
versions. Managed services [were not tried](security.md#managed-services).`

const NEGOTIATED = `## Versions agreed on

A producer asks each broker what it speaks, on every connection, and uses the highest version that
both know. Every version of Produce from 3 up that a broker speaks was used against it, by means of
the option \`apiVersions\`, and what was sent was read back.`

const TESTS = `## Tests

A number refers to the notes below the table.`

const PROJECTS = `## Projects

Kinds of project that Ottla's tarball was installed in by \`npm run test:package\`. Each sent a record to
a cluster within its process (\`ottla/testing\`). TypeScript is strict there, with \`skipLibCheck\` off,
without DOM and without @types/node.

<!-- generated: projects -->

<!-- end: projects -->`

/** The whole page, not laid out yet; its section `projects` is empty: test:package writes it. */
export function page(reports: readonly VersionReport[]): string {
  const notes: string[] = []
  const tests = testTable(reports, notes)
  const numbered = notes.map((note, i) => `${i + 1}. ${note}`).join('\n')
  const leftOut = Object.entries(LEFT_OUT).map(([file, why]) => `- \`${file}\`: ${why}.`)
  const parts = [
    ...[INTRODUCTION, summaryTable(reports), NEGOTIATED, versionTable(reports)],
    ...[TESTS, tests, numbered, 'Run on the pinned version alone:', leftOut.join('\n'), PROJECTS],
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function summaryTable(reports: readonly VersionReport[]): string {
  return table(
    ['Kafka', 'tests passed', 'failed', 'skipped'],
    reports.map(({ version, results }) => [
      version,
      ...(['passed', 'failed', 'skipped'] as const).map((outcome) =>
        String(results.filter((result) => result.outcome === outcome).length),
      ),
    ]),
  )
}

function versionTable(reports: readonly VersionReport[]): string {
  return table(
    ['Kafka', ...APIS.map(({ name }) => name)],
    reports.map(({ version, negotiated }) => [
      version,
      ...APIS.map(({ name }) => `v${negotiated.get(name) ?? '?'}`),
    ]),
  )
}

/** One line for each test, in the order in which it first appears. */
function testTable(reports: readonly VersionReport[], notes: string[]): string {
  const names = new Set(reports.flatMap(({ results }) => results.map(nameOf)))
  return table(
    ['Test', ...reports.map(({ version }) => version)],
    Array.from(names, (name) => [
      name,
      ...reports.map(({ results }) =>
        cell(
          results.find((result) => nameOf(result) === name),
          notes,
        ),
      ),
    ]),
  )
}

function nameOf({ file, name }: FileResult): string {
  return `${file}: ${name.replaceAll('|', '\\|')}`
}

function cell(result: FileResult | undefined, notes: string[]): string {
  if (result === undefined) return '–'
  const { outcome, reason, skippedParts } = result
  const parts = skippedParts.map((part) => `${part.name}: ${part.reason}`)
  const said = outcome === 'skipped' ? [reason] : parts
  const numbers = said.map((text) => noteNumber(`Skipped: ${text}`, notes))
  return [outcome, numbers.length > 0 ? `(${numbers.join(', ')})` : ''].join(' ').trim()
}

function noteNumber(note: string, notes: string[]): number {
  if (!notes.includes(note)) notes.push(note)
  return notes.indexOf(note) + 1
}
