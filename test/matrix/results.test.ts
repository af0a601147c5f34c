import { join } from 'node:path'
import t from 'tap'
import type { VersionReport } from './run-version.js'
import { keepReports } from './results.js'

function report(version: string, outcome: 'passed' | 'failed'): VersionReport {
  const result = { file: 'a/b', name: 'holds "it"', outcome, reason: '', skippedParts: [] }
  return { version, negotiated: new Map([['Produce', 9]]), results: [result] }
}

t.test('a version that is run anew takes the place of its earlier report', async (t) => {
  const file = join(t.testdir({}), 'results.json')
  const first = [report('4.3.1', 'failed'), report('2.8.2', 'passed')]
  t.strictSame(keepReports(first, file), [first[1], first[0]], 'in the order of the versions')
  const again = [report('4.3.1', 'passed')]
  t.strictSame(keepReports(again, file), [first[1], again[0]])
})
