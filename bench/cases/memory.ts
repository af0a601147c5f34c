/**
 * Memory: what the process holds over many records, and what one record allocates.
 */
import { ownColumn, THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ownProgram, type Case, type Subject } from './case.js'

export const memory: Case = {
  name: 'memory',
  summary: 'RSS and heap over 10 M records; bytes allocated a record, on a broker in memory',
  columns: [
    ...THROUGHPUT_COLUMNS,
    ownColumn('heap MB, first tenth', 'heapEarlyMB', 1),
    ownColumn('heap MB, last tenth', 'heapLateMB', 1),
    ownColumn('heap bytes/record', 'allocatedBytes', 1),
  ],
  groups: [
    {
      title: '10 M records of 100 B',
      task: { records: 10_000_000, maxSeconds: 120 },
      subjects: (['enqueue', 'send'] as const).map((mode) => subject('memory', mode)),
      takesPeers: false,
    },
    {
      title: 'allocation (no network)',
      task: { records: 100_000, maxSeconds: 60 },
      subjects: [allocationSubject('enqueue'), allocationSubject('send')],
      takesPeers: false,
    },
  ],
}

/** Counts what one record allocates; test/producer/allocation.test.ts holds it. */
export function allocationSubject(mode: 'enqueue' | 'send', hasCallback = false): Subject {
  const { task, ...rest } = subject('allocation', mode)
  return { ...rest, task: { ...task, hasCallback } }
}

function subject(file: string, mode: 'enqueue' | 'send', flags: readonly string[] = []): Subject {
  return { name: `ottla ${mode}`, program: ownProgram(file, flags), task: { mode } }
}
