/**
 * Several producers in worker threads of one process: what more cores bring. `CPU µs/record` is
 * all threads' together. On a machine of few cores the broker wants them too.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ownProgram, type Case, type Group, type Subject } from './case.js'

const THREADS = [1, 2, 4]

export const workers: Case = {
  name: 'workers',
  summary: '1, 2 and 4 producers, each in a worker thread',
  columns: THROUGHPUT_COLUMNS,
  groups: (['enqueue', 'send'] as const).map((mode): Group => ({
    title: `${mode}, 100 B, 6 partitions`,
    task: { mode },
    subjects: THREADS.map(subject),
    takesPeers: false,
  })),
}

function subject(threads: number): Subject {
  const name = threads === 1 ? '1 thread' : `${threads} threads`
  return { name, program: ownProgram('workers'), task: { threads } }
}
