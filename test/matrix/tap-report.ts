/**
 * What a test file said in TAP, test by test.
 *
 *   # Subtest: a name
 *       ok 1 - an assertion            nested: looked at only for skipped parts
 *   ok 1 - a name # time=3.1ms         passed; `not ok` failed
 *   ok 2 - another # SKIP the reason   skipped
 *
 * Not a TAP library: it knows what tap prints, and throws nothing away that it does not know.
 */

/** What became of one test. */
export interface TestResult {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped; else empty. */
  readonly reason: string
  /** Parts of it that were skipped. */
  readonly skippedParts: readonly { readonly name: string; readonly reason: string }[]
}

const LINE = /^( *)(not )?ok \d+ - (.*?)(?: # (?:SKIP ?(.*)|time=.*))?$/

/** The results of a file's tests, in their order. */
export function readTap(output: string): TestResult[] {
  const results: TestResult[] = []
  let skippedParts: { name: string; reason: string }[] = []
  for (const line of output.split('\n')) {
    const match = LINE.exec(line.trimEnd())
    if (match === null) continue
    const [, indent = '', not, name = '', reason] = match
    if (indent !== '') {
      if (reason !== undefined) skippedParts.push({ name, reason })
      continue
    }
    const outcome = not !== undefined ? 'failed' : reason === undefined ? 'passed' : 'skipped'
    results.push({ name, outcome, reason: reason ?? '', skippedParts })
    skippedParts = []
  }
  return results
}
