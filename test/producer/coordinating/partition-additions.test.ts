/** Partitions that the coordinator has to add, and offsets of groups: what is asked, when, and how often. */
import t from 'tap'
import type {
  CoordinatorRequests,
  Decided,
  Question,
  Stopped,
} from '../../../src/producer/coordinating/coordinator-requests.js'
import type { CheckedOffset } from '../../../src/producer/coordinating/consumer-group.js'
import { OffsetCommits, type Sending } from '../../../src/producer/coordinating/offset-commits.js'
import { PartitionAdditions } from '../../../src/producer/coordinating/partition-additions.js'
import { judgeTransaction } from '../../../src/producer/coordinating/transaction-verdict.js'
import type { AddPartitionsToTxnRequest } from '../../../src/protocol/messages/add-partitions-to-txn.js'
import type { TxnOffsetCommitRequest } from '../../../src/protocol/messages/txn-offset-commit.js'

const IDENTITY = { producerId: 7n, producerEpoch: 2 }

type Asked = Question<never, never> & {
  readonly answer: (code: number, response?: unknown) => void
  stop(): void
}

/** Requests that a test answers. */
function fakeRequests() {
  const asked: Asked[] = []
  const requests = {
    ask: (question: Question<never, never>) =>
      new Promise<Decided<unknown> | Stopped>((resolve) => {
        asked.push({
          ...question,
          answer: (code, response = null) => {
            const verdict = judgeTransaction(question.name, code)
            resolve({
              kind: 'decided',
              verdict,
              response,
              error: null,
              mayHaveActed: false,
              mayArriveLate: false,
            })
          },
          stop: () => resolve({ kind: 'stopped', mayHaveActed: true, mayArriveLate: true }),
        })
      }),
  }
  return { asked, requests: requests as unknown as CoordinatorRequests }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function additions() {
  const { asked, requests } = fakeRequests()
  const deferred: (() => void)[] = []
  const told: string[] = []
  let isWanted = true
  const it = new PartitionAdditions({
    requests,
    defer: (callback) => deferred.push(callback),
    transaction: 5,
    isWanted: () => isWanted,
    onAnswer: (answer, topic) =>
      told.push(`${answer.kind === 'decided' ? answer.verdict.action : 'stopped'} ${topic ?? '-'}`),
  })
  const partition = (topic: string, partition: number) => ({
    topic,
    partition,
    added: (transaction: number) => told.push(`${topic} ${partition} added to ${transaction}`),
  })
  const run = async (): Promise<void> => {
    for (const callback of deferred.splice(0)) callback()
    await settle()
  }
  const topicsOf = (index: number) =>
    (asked[index]?.request as unknown as AddPartitionsToTxnRequest | undefined)?.topics
  return {
    it,
    asked,
    told,
    partition,
    run,
    topicsOf,
    deferred,
    stopWanting: () => (isWanted = false),
  }
}

t.test('all that are wanted by then go in one request, each once', async (t) => {
  const { it, asked, told, partition, run, topicsOf } = additions()
  it.want(partition('a', 0))
  await run()
  t.equal(asked.length, 0, 'the transaction may not send yet')
  it.begin({ transactionalId: 'tx', ...IDENTITY })
  it.want(partition('a', 1))
  it.want(partition('b', 0))
  it.want(partition('a', 1)) // a topic that was dropped and is used again
  await run()
  t.equal(asked.length, 1)
  t.match(asked[0], { name: 'AddPartitionsToTxn', target: { coordinator: 'tx', type: 'transaction' } })
  t.match(asked[0]?.request, { transactionalId: 'tx', ...IDENTITY })
  t.strictSame(topicsOf(0), [{ name: 'a', partitions: [0, 1] }, { name: 'b', partitions: [0] }])
  t.strictSame(told, [], 'asked is not added')
  it.want(partition('c', 0))
  await run()
  t.equal(asked.length, 1, 'one in flight')
  let idle = 0
  it.whenIdle(() => idle++)
  asked[0]?.answer(0)
  await settle()
  t.equal(told.filter((text) => text.endsWith('added to 5')).length, 4)
  t.equal(told.at(-1), 'done -')
  t.equal(idle, 1)
  await run()
  t.strictSame(topicsOf(1), [{ name: 'c', partitions: [0] }])
}) // prettier-ignore

t.test('a refused one is named, and nothing counts as added', async (t) => {
  const { it, asked, told, partition, run, stopWanting } = additions()
  it.begin({ transactionalId: 'tx', ...IDENTITY })
  it.want(partition('a', 0))
  it.want(partition('b', 0))
  await run()
  stopWanting()
  it.want(partition('c', 0))
  asked[0]?.answer(29, {
    throttleTimeMs: 0,
    results: [
      { name: 'a', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: 55 }] },
      { name: 'b', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: 29 }] },
    ],
  })
  await settle()
  t.strictSame(told, ['abort b'])
  await run()
  t.equal(asked.length, 1, 'it is not to be committed any more')
  it.whenIdle(() => told.push('idle'))
  t.equal(told.at(-1), 'idle')
})

t.test('nobody waits for the answer any more', async (t) => {
  const { it, asked, told, partition, run } = additions()
  it.begin({ transactionalId: 'tx', ...IDENTITY })
  it.want(partition('a', 0))
  await run()
  asked[0]?.stop()
  await settle()
  t.strictSame(told, ['stopped -'])
})

const MEMBER = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
const offset = (topic: string, partition: number, offset: bigint): CheckedOffset => ({
  ...{ topic, partition, offset, leaderEpoch: 3, metadata: 'm' },
})

function commits(sending: Sending | null, level: 1 | 2 = sending?.level ?? 1) {
  const { asked, requests } = fakeRequests()
  const told: string[] = []
  const it = new OffsetCommits({
    requests,
    transactionalId: 'tx',
    isWanted: () => true,
    onSending: () => told.push('sending'),
    whenSending: () => Promise.resolve(sending),
    onAnswer: (answer, group) =>
      told.push(`${answer.kind === 'decided' ? answer.verdict.action : 'stopped'} ${group}`),
  })
  const names = (): string[] => asked.map(({ name }) => name)
  return { it, asked, told, names, level }
}

t.test('below level 2 a group is added once, then its offsets are committed', async (t) => {
  const { it, asked, told, names } = commits({ identity: IDENTITY, level: 1 })
  const first = it.commit(MEMBER, [offset('a', 0, 1n), offset('b', 0, 1n), offset('a', 0, 2n)])
  const second = it.commit(MEMBER, [offset('a', 0, 3n)])
  await settle()
  t.strictSame(names(), ['AddOffsetsToTxn'])
  t.match(asked[0]?.request, { transactionalId: 'tx', groupId: 'g', ...IDENTITY })
  t.match(asked[0]?.target, { coordinator: 'tx', type: 'transaction' })
  t.strictSame(told, ['sending'])
  asked[0]?.answer(0)
  await settle()
  t.strictSame(names(), ['AddOffsetsToTxn', 'TxnOffsetCommit'], 'one after another')
  t.match(asked[1]?.target, { coordinator: 'g', type: 'group' })
  t.ok((asked[1]?.api.maxVersion ?? 9) <= 4)
  const request = asked[1]?.request as unknown as TxnOffsetCommitRequest
  t.match(request, { ...MEMBER, ...IDENTITY })
  t.strictSame(request.topics, [
    { name: 'a', partitions: [{ partitionIndex: 0, committedOffset: 2n, committedLeaderEpoch: 3, committedMetadata: 'm' }] },
    { name: 'b', partitions: [{ partitionIndex: 0, committedOffset: 1n, committedLeaderEpoch: 3, committedMetadata: 'm' }] },
  ])
  asked[1]?.answer(0)
  t.equal(await first, true)
  await settle()
  t.strictSame(names(), ['AddOffsetsToTxn', 'TxnOffsetCommit', 'TxnOffsetCommit'])
  asked[2]?.answer(22)
  t.equal(await second, false)
  t.equal(told.at(-1), 'abort g')
  await it.settled
}) // prettier-ignore

t.test('at level 2 the offsets go alone, in a version that adds the group', async (t) => {
  const { it, asked, names } = commits({ identity: IDENTITY, level: 2 })
  const done = it.commit(MEMBER, [offset('a', 0, 1n)])
  await settle()
  t.strictSame(names(), ['TxnOffsetCommit'])
  t.ok((asked[0]?.api.minVersion ?? 0) >= 5)
  asked[0]?.answer(0)
  t.equal(await done, true)
})

t.test('a group that was refused is not counted as added', async (t) => {
  const { it, asked, names, told } = commits({ identity: IDENTITY, level: 1 })
  const first = it.commit(MEMBER, [offset('a', 0, 1n)])
  await settle()
  asked[0]?.answer(30)
  t.equal(await first, false)
  t.strictSame(told, ['sending', 'abort g'])
  void it.commit(MEMBER, [offset('a', 0, 1n)])
  await settle()
  t.strictSame(names(), ['AddOffsetsToTxn', 'AddOffsetsToTxn'])
})

t.test('a transaction that ended before it could send sends nothing', async (t) => {
  const { it, asked, told } = commits(null)
  t.equal(await it.commit(MEMBER, [offset('a', 0, 1n)]), false)
  await it.settled
  t.strictSame(asked, [])
  t.strictSame(told, [])
})
