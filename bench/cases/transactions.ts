/**
 * Transactions, one after the other: how many a second, and what a record in them costs, beside Java
 * and franz-go, by the old protocol (`transaction.version` 1) and the new one (2, KIP-890).
 *
 * Every record names its partition, all in turn: so each client's transactions touch the same ones,
 * and the broker has as many markers to write for each.
 */
import type { BenchOptions } from '../options.js'
import { TRANSACTION_COLUMNS, transactionsSection } from '../report/transactions.js'
import { ownProgram, type Case, type Group, type Subject } from './case.js'
import { GO, JAVA, preparePeers } from './way.js'

const VERSIONS = [1, 2]
const RECORDS_PER_TRANSACTION = [10, 1_000, 100_000]
const PARTITIONS = 6

const OTTLA = ownProgram('ottla-transactions')

const SUBJECTS: readonly Subject[] = [
  { name: 'ottla enqueue', program: OTTLA },
  { name: 'ottla sendAll', program: OTTLA, task: { mode: 'sendAll' } },
  { name: 'ottla enqueue, overlapped', program: OTTLA, task: { overlapsCommits: true } },
  JAVA,
  GO,
]

type Numbers = Pick<BenchOptions, 'transactionRecords' | 'transactionVersions'>

/** A group for each level and size. */
export function transactionGroups({
  transactionVersions = VERSIONS,
  transactionRecords = RECORDS_PER_TRANSACTION,
}: Partial<Numbers>): Group[] {
  return transactionVersions.flatMap((version) =>
    transactionRecords.map((records) => group(version, records)),
  )
}

function group(transactionVersion: number, recordsPerTransaction: number): Group {
  const size = recordsPerTransaction.toLocaleString('en-US')
  return {
    title: `transaction.version ${transactionVersion}, ${size} records a transaction`,
    task: {
      partitions: PARTITIONS,
      busyPartitions: PARTITIONS,
      recordsPerTransaction,
      // By time: what compiles while it runs must be done with it.
      warmupRecords: 0,
      warmupSeconds: 2,
      records: Infinity,
      maxSeconds: 5,
    },
    subjects: SUBJECTS,
    takesPeers: false,
    transactionVersion,
  }
}

export const transactions: Case = {
  name: 'transactions',
  summary: '10, 1,000, 100,000 records a transaction, old and new protocol: Ottla, Java, franz-go',
  columns: TRANSACTION_COLUMNS,
  groups: transactionGroups({}),
  groupsFor: transactionGroups,
  prepare: preparePeers,
  section: transactionsSection,
}
