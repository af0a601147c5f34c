/**
 * How large a batch should be: what `batchSizeBytes` carries, of ready-made requests and by Ottla.
 * The first size is Java's default.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, WIRE_LIMIT, type Case, type Group, type Subject } from './case.js'

const SIZES_KIB = [16, 64, 128, 256, 512, 976]

function bySize(subject: (kib: number) => Subject): Subject[] {
  return SIZES_KIB.map((kib) => {
    const { name, program, task } = subject(kib)
    const settings = { batchSizeBytes: kib * 1024 }
    return { name: `${name}, ${kib} KiB`, program, task: { ...task, settings } }
  })
}

export const batches: Case = {
  name: 'batches',
  summary: 'batchSizeBytes from 16 KiB to 976 KiB under load',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    { title: 'ready-made requests', subjects: bySize(() => WIRE_LIMIT) },
    { title: 'enqueue', subjects: bySize(() => ottla('enqueue')) },
    { title: 'send', subjects: bySize(() => ottla('send')) },
  ].map((group): Group => ({ ...group, task: {}, takesPeers: false })),
}
