/**
 * `npm run test:matrix`: the tests that need a broker, against every version of Kafka that can be
 * started here, and the page docs/compatibility.md. They must be compiled.
 *
 *   npm run test:matrix                     all versions; writes results.json and the page
 *   npm run test:matrix -- 2.8.2 4.3.1      some, and writes nothing
 *   npm run test:matrix -- 4.3.1 --write    one in the place of its earlier results, and writes the page
 *   npm run test:matrix -- --only secured   files with this in their name, and writes nothing
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { projectFile } from '../broker/project.js'
import { page as pageOf, section, withSection } from '../docs/markdown.js'
import { kafkaVersion, KNOWN_VERSIONS } from '../broker/versions.js'
import { page } from './page.js'
import { keepReports } from './results.js'
import { runVersion, type VersionReport } from './run-version.js'

const PAGE = projectFile('docs', 'compatibility.md')

async function main(argv: readonly string[]): Promise<boolean> {
  const { values, positionals: asked } = parseArgs({
    args: [...argv],
    options: { only: { type: 'string' }, write: { type: 'boolean', default: argv.length === 0 } },
    allowPositionals: true,
  })
  const versions = asked.map((version) => kafkaVersion(version).version)
  const reports: VersionReport[] = []
  for (const version of versions.length > 0 ? versions : KNOWN_VERSIONS) {
    reports.push(await runVersion(version, values.only))
  }
  const isWritten = values.write && values.only === undefined
  const options = { ...(await resolveConfig(PAGE)), parser: 'markdown' }
  const kept = section(pageOf('docs/compatibility.md'), 'projects') ?? ''
  const whole = { path: PAGE, text: page(isWritten ? keepReports(reports) : reports) }
  const text = await format(withSection(whole, 'projects', kept), options)
  if (isWritten) writeFileSync(PAGE, text)
  console.log(text)
  return reports.every(({ results }) => results.every(({ outcome }) => outcome !== 'failed'))
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
