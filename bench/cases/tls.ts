/**
 * What TLS takes away: each client by TLS 1.3 beside itself in plaintext, on two listeners of one broker.
 * A client is held against itself; the losses are then what is compared.
 */
import { TLS_COLUMNS } from '../report/tls.js'
import { ottla, type Case, type Group, type Subject } from './case.js'
import { GO, JAVA, preparePeers } from './way.js'

const CLIENTS: readonly Subject[] = [ottla('enqueue'), JAVA, GO]

const SIZES = [
  ['100 B', 100],
  ['1 KiB', 1024],
] as const

/** Side by side in each round, so that both meet the same minute. */
function withTls(subject: Subject): Subject[] {
  return [subject, { ...subject, name: `${subject.name}, TLS`, isOverTls: true }]
}

export const tls: Case = {
  name: 'tls',
  summary: 'TLS 1.3 beside plaintext: Ottla, Java, franz-go; 100 B and 1 KiB',
  columns: TLS_COLUMNS,
  groups: SIZES.map(([title, valueBytes]): Group => ({
    title,
    // By time: what compiles while it runs must be done with it, TLS too.
    task: { valueBytes, warmupRecords: 0, warmupSeconds: 2, records: Infinity, maxSeconds: 2.5 },
    subjects: CLIENTS.flatMap(withTls),
    takesPeers: false,
  })),
  isSecured: true,
  rounds: 5,
  prepare: preparePeers,
}
