/**
 * What `compression: 'auto'` picks, beside each codec by itself: on flights, short text and random
 * bytes. `cost` is the figure that 'auto' keeps low, of the whole process: milliseconds of CPU for a
 * megabyte of values, and 10 for each that still travels.
 */
import { choiceColumn, costColumn, ownColumn, THROUGHPUT_COLUMNS } from '../report/columns.js'
import type { Settings } from '../contract.js'
import { flights, randomBytes, zipCodes, type ValuesFile } from '../support/real-values.js'
import { ottla, type Case, type Group, type Subject } from './case.js'

const COMPRESSIONS: readonly Settings['compression'][] = [
  'auto',
  'none',
  'lz4',
  'snappy',
  'zstd',
  'gzip',
]

const SUBJECTS = COMPRESSIONS.map((compression): Subject => ({
  ...ottla('enqueue', { settings: { compression } }),
  name: compression,
}))

function group(title: string, values: () => ValuesFile, valuesAreBase64 = false): Group {
  let file: ValuesFile | undefined
  return {
    title,
    // Written when the case runs, not whenever the help is shown.
    get task() {
      file ??= values()
      return { ...file, valuesAreBase64 }
    },
    subjects: SUBJECTS,
    takesPeers: false,
  }
}

export const auto: Case = {
  name: 'auto',
  summary: "what compression 'auto' picks, beside each codec by itself",
  columns: [
    choiceColumn,
    costColumn,
    ownColumn('bytes in / out', 'ratio', 2),
    ...THROUGHPUT_COLUMNS,
  ],
  groups: [
    group('flights', flights),
    group('short text', zipCodes),
    group('random bytes', randomBytes, true),
  ],
}
