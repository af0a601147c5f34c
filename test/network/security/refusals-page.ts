/**
 * The table "error, cause, fix" of docs/security-measured.md, made from the list that the test goes through.
 *
 * Neighbours: test/docs/generated.ts puts it into the page.
 */
import { table } from '../../docs/markdown.js'
import { readResults } from '../../security-load/results.js'
import { REFUSALS, type Refusal } from './refusals.js'

const TOLD = {
  constructor: 'by the constructor',
  'at once': 'at once',
  'after maxBlockMs': 'after `maxBlockMs`',
} as const

/** A row for each refusal, in the order of the list. */
export function refusalsTable(): string {
  const { refusals } = readResults()
  const rows = REFUSALS.map((refusal) => row(refusal, refusals?.tookMs[refusal.cause]))
  const head = [
    'What is wrong',
    'Error and `code`',
    'Its message',
    'How to fix it',
    'When it comes',
  ]
  if (refusals === undefined) return table(head, rows)
  const { date, kafka, node } = refusals.circumstances
  return `_Times of ${date}: Kafka ${kafka}, Node ${node}, two cores; brokers hold a refusal back for a while themselves._\n\n${table(head, rows)}`
}

function row(refusal: Refusal, tookMs: number | undefined): string[] {
  const { cause, error, code, says, mend, telling } = refusal
  const after = tookMs === undefined || telling !== 'at once' ? '' : `, ${tookMs} ms`
  const words = says.replaceAll('|', '\\|')
  return [cause, `\`${error}\` \`${code}\``, words, mend, `${TOLD[telling]}${after}`]
}
