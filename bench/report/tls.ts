/**
 * The columns of the case `tls`: a row by TLS is held against the same client's row in plaintext.
 *
 * Neighbours: cases/tls.ts names the rows; columns.ts has the others.
 */
import { ratioText, THROUGHPUT_COLUMNS, type Column, type Measured } from './columns.js'
import { cpuPerRecord, recordsPerSecond, type Figure } from './figures.js'

const TLS_ROW = /^(.*), TLS$/

/** The median of the ratios to the client's own row in plaintext, each within one round. */
function ownRatio(title: string, figure: Figure): Column {
  return {
    title,
    text(measured, _first, all) {
      const plain = plainOf(measured, all)
      return plain === undefined ? '-' : ratioText(measured, plain, figure)
    },
  }
}

function plainOf({ subject }: Measured, all: readonly Measured[]): Measured | undefined {
  const [, name] = TLS_ROW.exec(subject) ?? []
  return name === undefined ? undefined : all.find((other) => other.subject === name)
}

export const TLS_COLUMNS: readonly Column[] = [
  ...THROUGHPUT_COLUMNS.filter(({ title }) => !title.endsWith('× first row')),
  ownRatio('records/s × plaintext', recordsPerSecond),
  ownRatio('CPU × plaintext', cpuPerRecord),
]
