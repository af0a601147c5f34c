/**
 * A subject's side of the contract: reads the task, runs the program, writes the report.
 *
 * Neighbours: contract.ts has both; subjects/ and peers/ are the programs.
 */
import { readFileSync } from 'node:fs'
import type { SubjectReport, SubjectTask } from '../contract.js'

/** Runs a subject's program with the task of the command line, and ends the process. */
export function runSubject(program: (task: SubjectTask) => Promise<SubjectReport>): void {
  const task = JSON.parse(process.argv[2] ?? '{}') as SubjectTask
  program(task).then(
    (report) => process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0)),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
}

/** What runs this process, for a report. */
export const NODE_RUNTIME = `node ${process.versions.node}`

/** `version` of a package.json. */
export function packageVersion(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
