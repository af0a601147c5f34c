/**
 * Compares the books with what a consumer of read_committed sees, after everything has come to rest:
 *
 *   committed          every record that was given exactly once, where it was acknowledged; every offset
 *   aborted, fenced    nothing, and no commit was asked for: nothing
 *   unknown, or not told (crashed)   all or nothing, records and offsets together
 *   every partition    the records of one producer in the order of the calls; none twice, in the log neither
 *   the coordinator    nothing open, nothing ending; each partition stable up to its end
 *   a sound cluster    every transaction that was to be committed is
 *
 * Neighbours: books.ts has the calls; simulation.ts calls it last.
 */
import type { SeenRequest, StoredRecord, TestCluster } from '../../../src/testing/cluster.js'
import type { Identified } from './late-requests.js'
import { isOwnFault, type Books, type RecordEntry, type TransactionEntry } from './books.js'
import type { TransactionalPlan } from './plan.js'

export interface TransactionalAuditInput {
  readonly plan: TransactionalPlan
  readonly books: Books
  readonly cluster: TestCluster
}

type Copies = ReadonlyMap<number, readonly StoredRecord[]>

/** Everything that is wrong, in words. */
export function auditTransactions(input: TransactionalAuditInput): string[] {
  const { books, cluster } = input
  const visible = copiesIn(cluster, 'read_committed')
  const stored = copiesIn(cluster, 'read_uncommitted')
  return [
    ...checkContents(books, stored),
    ...books.records.flatMap((record) => checkOnce(record, stored)),
    ...books.transactions.flatMap((entry) => checkTransaction(entry, visible, input)),
    ...checkOrder(books, visible),
    ...checkSharedOffsets(input, visible),
    ...checkRest(cluster),
    ...checkLevel(input),
    ...checkEpochs(cluster),
  ]
}

function copiesIn(cluster: TestCluster, isolation: 'read_committed' | 'read_uncommitted'): Copies {
  const copies = new Map<number, StoredRecord[]>()
  for (const topic of cluster.topics) {
    for (const record of cluster.records(topic, { isolation })) {
      const id = Number.parseInt(record.value?.toString('latin1').slice(0, 12) ?? '', 10)
      copies.set(id, [...(copies.get(id) ?? []), record])
    }
  }
  return copies
}

function checkContents({ records }: Books, stored: Copies): string[] {
  return [...stored].flatMap(([id, copies]) =>
    copies.flatMap((copy) => {
      const entry = records[id]
      if (entry === undefined) return [`${place(copy)} has a record that nobody sent: ${id}`]
      const { topic, text, key, partition } = entry
      const isSame =
        copy.topic === topic &&
        copy.value?.toString('latin1') === text &&
        (copy.key?.toString('latin1') ?? null) === key &&
        (partition === undefined || copy.partition === partition)
      return isSame ? [] : [`${place(copy)} is not what #${id} was given`]
    }),
  )
}

/** Aborted or not: a producer with numbers writes nothing twice. */
function checkOnce({ id, fate, isUnheard, transaction }: RecordEntry, stored: Copies): string[] {
  const copies = stored.get(id) ?? []
  if (copies.length > 1)
    return [`#${id} is stored ${copies.length} times: ${copies.map(place).join()}`]
  if (fate === 'refused' && copies.length > 0) return [`#${id} was refused, and is stored`]
  const isLeft = fate === 'open' && !isUnheard && !transaction.life.isCrashed
  return isLeft ? [`#${id} was never told its fate`] : []
}

/** What must be visible where the transaction is committed. */
function isPartOf({ fate, error }: RecordEntry): boolean {
  return fate !== 'refused' && !(fate === 'failed' && isOwnFault(error))
}

function checkTransaction(
  entry: TransactionEntry,
  visible: Copies,
  { plan, cluster }: TransactionalAuditInput,
): string[] {
  const isSeen = ({ id }: RecordEntry): boolean => visible.has(id)
  const parts = entry.records.filter(isPartOf)
  const seen = entry.records.filter(isSeen)
  const alone = entry.offsets.filter(({ isAlone, fate }) => isAlone && fate !== 'failed')
  const committedOffsets = entry.offsets.filter(
    ({ isAlone, groupId }) => isAlone && cluster.committedOffsets(groupId).length > 0,
  )
  const missing = parts.filter((it) => !isSeen(it))
  const missingOffsets = alone.filter((it) => !committedOffsets.includes(it))
  const name = `T${entry.id} (${entry.life.name}, ${entry.told}, ${entry.handle.state})`
  const expected = expectationOf(entry)
  const wrongs: string[] = []
  const isAny = seen.length + committedOffsets.length > 0
  const isAll = missing.length + missingOffsets.length === 0
  if (expected === 'nothing' && isAny) {
    wrongs.push(`${name} shows ${ids(seen)} and the offsets ${ids(committedOffsets)}`)
  }
  if ((expected === 'all' || (expected === 'either' && isAny)) && !isAll) {
    wrongs.push(`${name} lacks ${ids(missing)} and the offsets ${ids(missingOffsets)}`)
  }
  const refused = entry.offsets.filter(({ fate }) => fate === 'failed')
  if (expected === 'all' && refused.length > 0) {
    wrongs.push(`${name} is committed, and ${ids(refused)} of its offsets are not`)
  }
  for (const record of seen) wrongs.push(...checkPlace(record, visible))
  return [
    ...wrongs,
    ...checkTold(entry, name),
    ...checkReason(entry, name),
    ...checkSound(entry, name, plan),
  ]
}

function expectationOf({
  told,
  isCommitCalled,
  handle,
  life,
}: TransactionEntry): 'all' | 'nothing' | 'either' {
  if (told === 'committed') return 'all'
  if (told === 'aborted' || told === 'fenced' || !isCommitCalled) return 'nothing'
  if (life.isCrashed) return 'either'
  const { state } = handle
  if (state === 'committed') return 'all'
  return state === 'aborted' || state === 'fenced' ? 'nothing' : 'either'
}

function checkPlace(record: RecordEntry, visible: Copies): string[] {
  const { id, fate, at } = record
  const [copy] = visible.get(id) ?? []
  if (copy === undefined) return []
  if (fate !== 'acked' || at === null) return []
  if (copy.partition === at.partition && copy.offset === at.offset) return []
  return [`#${id} was acked as ${at.topic}-${at.partition} @${at.offset}, and is ${place(copy)}`]
}

/** A live producer's transaction has an outcome in the end, and it is the one that was told. */
function checkTold({ told, handle, life }: TransactionEntry, name: string): string[] {
  if (life.isCrashed) return []
  const { state } = handle
  const isEnded = ['committed', 'aborted', 'unknown', 'fenced'].includes(state)
  if (!isEnded) return [`${name} has no outcome`]
  // transaction() says that it does not know, where its commit takes too long; that may still end.
  const mayDiffer = told === 'open' || told === 'unknown'
  return mayDiffer || told === state ? [] : [`${name} was told otherwise`]
}

/** Nobody is told that he has aborted what he has not: that was another transaction. */
function checkReason({ told, isAbortCalled, error }: TransactionEntry, name: string): string[] {
  const isOther =
    told === 'aborted' && !isAbortCalled && /abort\(\) was called/.test(error?.message ?? '')
  return isOther ? [`${name} is aborted for another: ${error?.message ?? ''}`] : []
}

function checkSound(
  entry: TransactionEntry,
  name: string,
  { isSound, changesLevel, level }: TransactionalPlan,
): string[] {
  const { isCommitCalled, isAbortCalled, isSpoiled, told, error } = entry
  const isLeaderAdding = level === 2 || changesLevel
  if (!isSound || !isCommitCalled || isAbortCalled || isSpoiled || told === 'committed') return []
  // At level 2 the last marker of the transaction before may come while a leader asks for this one: the
  // marker takes away what the leader has noted of its question, and the append is refused (Kafka's
  // UnifiedLog.updateProducers clears the verification state). Seed 5009458.
  if (isLeaderAdding && error?.message.includes('INVALID_TXN_STATE') === true) return []
  // A change of the level cuts connections: offsets whose answer is lost may not be followed by others.
  if (changesLevel && entry.offsets.some(({ fate }) => fate === 'failed')) return []
  return [`${name} did not commit on a sound cluster: ${error?.message ?? ''}`]
}

function checkOrder({ records }: Books, visible: Copies): string[] {
  const latest = new Map<string, RecordEntry & { readonly offset: bigint }>()
  const wrongs: string[] = []
  for (const entry of records) {
    const [copy] = visible.get(entry.id) ?? []
    if (copy === undefined) continue
    const key = `${entry.transaction.life.name} ${copy.topic}-${copy.partition}`
    const before = latest.get(key)
    if (before !== undefined && before.offset >= copy.offset) {
      wrongs.push(
        `${key}: #${entry.id} (@${copy.offset}) is before #${before.id} (@${before.offset})`,
      )
    } else latest.set(key, { ...entry, offset: copy.offset })
  }
  return wrongs
}

/** The last transaction that has committed offsets of the group is what the group has. */
function checkSharedOffsets(
  { books, cluster }: TransactionalAuditInput,
  visible: Copies,
): string[] {
  const wrongs: string[] = []
  for (const groupId of new Set(
    books.offsets.filter((it) => !it.isAlone).map((it) => it.groupId),
  )) {
    const [committed] = cluster.committedOffsets(groupId)
    const having = books.transactions.filter((it) =>
      it.offsets.some((offsets) => offsets.groupId === groupId),
    )
    const of = having.find((it) =>
      it.offsets.some(({ id }) => committed !== undefined && BigInt(id) === committed.offset),
    )
    if (committed !== undefined && of === undefined)
      wrongs.push(`${groupId} has an offset that nobody sent`)
    if (of !== undefined && expectationOf(of) === 'nothing')
      wrongs.push(
        `${groupId} has the offset ${committed?.offset} of T${of.id}, which is ${of.told}`,
      )
    const last = of?.offsets.filter((it) => it.groupId === groupId && it.fate !== 'failed').at(-1)
    if (last !== undefined && BigInt(last.id) !== committed?.offset)
      wrongs.push(`${groupId} has ${committed?.offset}, and T${of?.id} sent ${last.id} last`)
    for (const later of having) {
      const isLater = of === undefined || (later.id > of.id && later.life === of.life)
      const isCommitted =
        expectationOf(later) === 'all' || later.records.some(({ id }) => visible.has(id))
      const has = later.offsets.some((it) => it.groupId === groupId && it.fate === 'done')
      if (isLater && isCommitted && has)
        wrongs.push(
          `${groupId} has ${committed?.offset ?? 'nothing'}, and T${later.id} has committed later`,
        )
    }
  }
  return wrongs
}

function checkRest(cluster: TestCluster): string[] {
  const hanging = cluster.transactions.all.filter(
    ({ state, pendingState }) =>
      pendingState !== null ||
      !['Empty', 'CompleteCommit', 'CompleteAbort', 'Dead'].includes(state),
  )
  const unstable = cluster.topics
    .flatMap((topic) => cluster.partitions(topic))
    .filter(({ lastStableOffset, endOffset }) => lastStableOffset !== endOffset)
  return [
    ...hanging.map(
      ({ transactionalId, state, pendingState }) =>
        `${transactionalId} is left ${state}, ${pendingState}`,
    ),
    ...unstable.map(
      ({ topic, index, lastStableOffset, endOffset }) =>
        `${topic}-${index} is stable up to ${lastStableOffset}, and ends at ${endOffset}`,
    ),
  ]
}

const FIRST_OF_LEVEL_2: Readonly<Record<string, number>> = {
  Produce: 12,
  EndTxn: 5,
  TxnOffsetCommit: 5,
}

/** Where the level is always the same: it is spoken as finalized, whatever brokers offer. */
function checkLevel({ plan, cluster }: TransactionalAuditInput): string[] {
  if (plan.changesLevel) return []
  const isLevel2 = ({ api, version }: SeenRequest): boolean =>
    version >= (FIRST_OF_LEVEL_2[api] ?? Infinity)
  // Asked in v0, after a connection that was cut, a broker tells no level.
  const isTold = !cluster.requests.some(({ api, version }) => api === 'ApiVersions' && version < 3)
  const must = isTold && !plan.isCapped
  const wrong = cluster.requests.find((it) =>
    plan.level < 2 ? isLevel2(it) : must && it.api === 'EndTxn' && !isLevel2(it),
  )
  return wrong === undefined ? [] : [`level ${plan.level}: ${wrong.api} v${wrong.version}`]
}

/** An epoch that was used at level 1 is not used at level 2: a late request of it would be believed. */
function checkEpochs({ requests }: TestCluster): string[] {
  const usedAt1 = new Set<string>()
  for (const { api, version, body } of requests) {
    const first = FIRST_OF_LEVEL_2[api]
    if (api === 'Produce' || !(api === 'AddPartitionsToTxn' || first !== undefined)) continue
    const { producerId, producerEpoch } = body as Identified
    const epoch = `${producerId}/${producerEpoch}`
    if (version < (first ?? Infinity)) usedAt1.add(epoch)
    else if (usedAt1.has(epoch)) return [`${api} v${version} under the epoch ${epoch} of level 1`]
  }
  return []
}

function place({ topic, partition, offset }: StoredRecord): string {
  return `${topic}-${partition} @${offset}`
}

function ids(entries: readonly { readonly id: number }[]): string {
  return entries.length === 0 ? 'none' : entries.map(({ id }) => `#${id}`).join(' ')
}
