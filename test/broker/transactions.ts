/**
 * What Kafka itself says of transactions: its own tool lists and describes them, its own consumer says
 * which offsets a group has committed; and the feature `transaction.version`, on which their protocol
 * depends, is read of each broker and changed while they run.
 *
 * Neighbours: tools.ts has the other tools; versions.ts their class names.
 */
import { delimiter } from 'node:path'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { CoordinatorTypes, findCoordinator } from '../../src/protocol/messages/find-coordinator.js'
import { askAnyMetadata } from './admin.js'
import { ask } from './ask.js'
import { compiledProgram } from './compiled-program.js'
import { runJava } from './java.js'
import { LIST_OFFSETS_VERSION, listOffsets } from './list-offsets.js'
import type { IsolationLevel } from './read-topic.js'
import type { Toolbox } from './tools.js'
import { waitUntil } from './wait.js'

/** The feature: 0 and 1 with AddPartitionsToTxn, 2 without (KIP-890). */
const TRANSACTION_VERSION = 'transaction.version'

const API_VERSIONS_VERSION = 3 // the first with features
const FIND_COORDINATOR_VERSION = 2
const LEVEL_TIMEOUT_MS = 30_000
const DECIDED_TIMEOUT_MS = 60_000

/** What a group has committed for one partition. */
export interface CommittedOffset {
  readonly partition: number
  /** Of the next record to read. */
  readonly offset: bigint
  /** Null where none was given. */
  readonly leaderEpoch: number | null
  readonly metadata: string
}

/** A line of kafka-transactions: cell by the name of its column, as `TransactionState`. */
export type TransactionRow = Readonly<Record<string, string>>

/** What kafka-transactions prints for `list`, or `describe --transactional-id …`. */
export async function transactions(
  { version, classPath, bootstrap }: Toolbox,
  args: readonly string[],
): Promise<TransactionRow[]> {
  const main = version.tools.transactions
  if (main === undefined) throw new Error(`Kafka ${version.version} has no kafka-transactions`)
  const where = ['--bootstrap-server', bootstrap.join(',')]
  return rows(await runJava(classPath, main, [...where, ...args]))
}

/** A table of the tools: cells are padded with blanks and divided by tabs. */
function rows(table: string): TransactionRow[] {
  const lines = table.split('\n').filter((line) => line.trim() !== '')
  const [head = [], ...cells] = lines.map((line) => line.split('\t').map((cell) => cell.trim()))
  return cells.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}

/**
 * What a group has committed for a topic: `stable`, as a consumer is told that begins, once no
 * transaction has offsets of the group undecided; or `now`, as an admin is told.
 */
export async function committedOffsets(
  { classPath, bootstrap }: Toolbox,
  group: string,
  topic: string,
  when: 'stable' | 'now',
): Promise<CommittedOffset[]> {
  const program = await compiledProgram(classPath, 'CommittedOffsets')
  const args = [bootstrap.join(','), group, topic, when]
  const output = await runJava([program, classPath].join(delimiter), 'CommittedOffsets', args)
  const lines = output.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [partition, offset, leaderEpoch, metadata = ''] = line.split(' ')
    return {
      partition: Number(partition),
      offset: BigInt(offset ?? -1),
      leaderEpoch: leaderEpoch === '-' ? null : Number(leaderEpoch),
      metadata: decodeURIComponent(metadata.replaceAll('+', ' ')),
    }
  })
}

/** The finalized level that every live broker tells; 0 where there is none, -1 where they differ. */
export async function transactionVersion(bootstrap: readonly string[]): Promise<number> {
  const { brokers } = await askAnyMetadata(bootstrap)
  const asked = brokers.map(({ host, port }) => levelAt(`${host}:${port}`))
  const [first = 0, ...others] = await Promise.all(asked)
  return others.every((level) => level === first) ? first : -1
}

async function levelAt(address: string): Promise<number> {
  const request = { clientSoftwareName: 'ottla-test-admin', clientSoftwareVersion: '1' }
  const { finalizedFeatures } = await ask(address, apiVersions, API_VERSIONS_VERSION, request)
  return finalizedFeatures.find(({ name }) => name === TRANSACTION_VERSION)?.maxVersionLevel ?? 0
}

/** Raises or lowers the level with kafka-features; resolves when every live broker tells it. */
export async function setTransactionVersion(
  { version, classPath, bootstrap }: Toolbox,
  level: number,
): Promise<void> {
  const main = version.tools.features
  if (main === undefined) throw new Error(`Kafka ${version.version} has no ${TRANSACTION_VERSION}`)
  const now = await transactionVersion(bootstrap)
  if (now === level) return
  const change = level > now ? 'upgrade' : 'downgrade'
  const feature = `${TRANSACTION_VERSION}=${level}`
  const where = ['--bootstrap-server', bootstrap.join(',')]
  await runJava(classPath, main, [...where, change, '--feature', feature])
  await waitUntil(async () => (await transactionVersion(bootstrap)) === level, {
    what: `every broker to tell ${feature}`,
    timeoutMs: LEVEL_TIMEOUT_MS,
  })
}

/** Id of the node that coordinates a transactional id now, or of the group with `group`. */
export async function coordinatorOf(
  bootstrap: readonly string[],
  key: string,
  keyType: keyof typeof CoordinatorTypes = 'transaction',
): Promise<number> {
  let nodeId = -1
  const request = { keyType: CoordinatorTypes[keyType], coordinatorKeys: [key] }
  const isFound = async (): Promise<boolean> => {
    for (const address of bootstrap) {
      const asked = ask(address, findCoordinator, FIND_COORDINATOR_VERSION, request)
      const answer = await asked.catch(() => null)
      const [coordinator] = answer?.coordinators ?? []
      if (coordinator?.errorCode !== 0) continue
      nodeId = coordinator.nodeId
      return true
    }
    return false
  }
  // Not available until the topic of its state has a leader, which is made when one first asks.
  await waitUntil(isFound, { what: `a coordinator of ${key}`, timeoutMs: LEVEL_TIMEOUT_MS })
  return nodeId
}

/**
 * Resolves when no transaction with records in the topic is undecided: a commit is acknowledged before
 * its markers are written, and only then does `read_committed` see it.
 */
export async function untilDecided(bootstrap: readonly string[], topic: string): Promise<void> {
  await waitUntil(() => isDecided(bootstrap, topic), {
    what: `every transaction in topic ${topic} to be decided`,
    timeoutMs: DECIDED_TIMEOUT_MS,
  })
}

async function isDecided(bootstrap: readonly string[], topic: string): Promise<boolean> {
  const { brokers, topics } = await askAnyMetadata(bootstrap, [topic])
  const partitions = topics[0]?.partitions ?? []
  for (const { partitionIndex, leaderId } of partitions) {
    const leader = brokers.find(({ nodeId }) => nodeId === leaderId)
    if (leader === undefined) return false
    const endOf = async (isolationLevel: IsolationLevel): Promise<bigint | undefined> => {
      const request = { topic, partitions: [partitionIndex], isolationLevel }
      const address = `${leader.host}:${leader.port}`
      const [end] = await ask(address, listOffsets, LIST_OFFSETS_VERSION, request)
      return end?.errorCode === 0 ? end.offset : undefined
    }
    const end = await endOf('read_uncommitted')
    if (end === undefined || (await endOf('read_committed')) !== end) return false
  }
  return partitions.length > 0
}
