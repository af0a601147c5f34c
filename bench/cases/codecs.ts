/**
 * Compression: what of a codec's own speed is left when records go through it. The first rows are
 * the codec alone, on the bytes of the same batches; the wire limit is that of ready-made requests
 * with uncompressed batches, and with compressed ones of the size that Ottla makes.
 */
import { ownColumn, THROUGHPUT_COLUMNS } from '../report/columns.js'
import { ottla, ownProgram, WIRE_LIMIT, type Case, type Group, type Subject } from './case.js'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const OTTLA = [ottla('enqueue'), ottla('send')]
const UNCOMPRESSED: Subject = { ...WIRE_LIMIT, task: { settings: { compression: 'none' } } }
const COMPRESSED: Subject = { ...WIRE_LIMIT, name: 'wire limit, compressed' }
const ALONE: readonly Subject[] = [
  { name: 'codec alone, sync', program: ownProgram('codec'), task: { mode: 'enqueue' } },
  { name: 'codec alone, async', program: ownProgram('codec'), task: { mode: 'send' } },
]

export const codecs: Case = {
  name: 'codecs',
  summary: 'MB/s of 1 KiB records in, by codec, beside the codec alone',
  columns: [...THROUGHPUT_COLUMNS, ownColumn('bytes in / out', 'ratio', 2)],
  groups: CODECS.map((compression): Group => ({
    title: compression,
    task: { valueBytes: 1024, settings: { compression } },
    subjects:
      compression === 'none'
        ? [WIRE_LIMIT, ...OTTLA]
        : [...ALONE, UNCOMPRESSED, COMPRESSED, ...OTTLA],
    takesPeers: true,
  })),
}
