/**
 * What the matrix has found, version by version: results.json, from which the page is made. A version
 * that is run anew takes the place of its earlier report, and the others stay.
 *
 * Neighbours: main.ts keeps; page.ts makes the page.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'
import { KNOWN_VERSIONS } from '../broker/versions.js'
import type { FileResult, VersionReport } from './run-version.js'

const FILE = projectFile('test', 'matrix', 'results.json')

/** As JSON has it: `negotiated` as an object. */
interface KeptReport {
  readonly version: string
  readonly negotiated: Readonly<Record<string, number>>
  readonly results: readonly FileResult[]
}

/** Keeps them, and returns what is known of all versions, in their order. */
export function keepReports(reports: readonly VersionReport[], file = FILE): VersionReport[] {
  const known = new Map(readReports(file).map((report) => [report.version, report]))
  for (const report of reports) known.set(report.version, report)
  const all = KNOWN_VERSIONS.flatMap((version) => known.get(version) ?? [])
  writeFileSync(file, textOf(all))
  return all
}

function readReports(file: string): VersionReport[] {
  if (!existsSync(file)) return []
  const kept = JSON.parse(readFileSync(file, 'utf8')) as KeptReport[]
  return kept.map((it) => ({ ...it, negotiated: new Map(Object.entries(it.negotiated)) }))
}

/** A line for each test, so that a difference can be read. */
function textOf(reports: readonly VersionReport[]): string {
  const texts = reports.map(({ version, negotiated, results }) => {
    const head = `"version": ${JSON.stringify(version)}, "negotiated": ${JSON.stringify(Object.fromEntries(negotiated))}`
    const lines = results.map((result) => JSON.stringify(result)).join(',\n')
    return `{ ${head}, "results": [\n${lines}\n] }`
  })
  return `[\n${texts.join(',\n')}\n]\n`
}
