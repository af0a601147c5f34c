import t from 'tap'
import {
  forgetEpochs,
  forgetLeaders,
  goesBack,
  lacksLeader,
  mergeTopic,
  newsOf,
} from '../../../src/network/metadata/topic-metadata.js'
import type { TopicMetadata } from '../../../src/network/metadata/topic-metadata.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'

const ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const OTHER_ID = 'AAAAAAAAAAAAAAAAAAAAAg'
const BROKER_IDS = new Set([1, 2, 3])

type Row = readonly [partition: number, leaderId: number, leaderEpoch: number, errorCode?: number]

function answer(rows: readonly Row[], topicId = ID, version = 12) {
  const partitions = rows.map(([partitionIndex, leaderId, leaderEpoch, errorCode = 0]) => {
    const replicas = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }
    return { errorCode, partitionIndex, leaderId, leaderEpoch, ...replicas }
  })
  const topic = { errorCode: 0, name: 'a', topicId, isInternal: false, partitions }
  return { topic: { ...topic, topicAuthorizedOperations: 0 }, version, brokerIds: BROKER_IDS }
}

function rows(topic: TopicMetadata | undefined): number[][] | undefined {
  return topic?.partitions.map((p) => [p.partition, p.leaderId, p.leaderEpoch])
}

const KNOWN = mergeTopic(undefined, answer([[0, 1, 5], [1, 2, 7]])) // prettier-ignore

t.test('sorts the partitions by number', async (t) => {
  t.strictSame(rows(mergeTopic(undefined, answer([[1, 2, 7], [0, 1, 5]]))), rows(KNOWN)) // prettier-ignore
})

t.test('returns the known topic itself where nothing has changed', async (t) => {
  t.equal(mergeTopic(KNOWN, answer([[0, 1, 5], [1, 2, 7]])), KNOWN) // prettier-ignore
})

t.test('keeps a partition whose epoch an older answer has gone back on', async (t) => {
  const merged = mergeTopic(KNOWN, answer([[0, 3, 6], [1, 1, 6]])) // prettier-ignore
  t.strictSame(rows(merged), [[0, 3, 6], [1, 2, 7]]) // prettier-ignore
})

t.test('takes lower epochs of a topic that was made anew', async (t) => {
  const merged = mergeTopic(KNOWN, answer([[0, 3, 0]], OTHER_ID))
  t.strictSame(rows(merged), [[0, 3, 0]])
  t.equal(merged?.topicId, OTHER_ID)
})

t.test('keeps to the epochs where one of the answers has no topic id', async (t) => {
  t.strictSame(rows(mergeTopic(KNOWN, answer([[0, 3, 4], [1, 3, 8]], ZERO_UUID))), [[0, 1, 5], [1, 3, 8]]) // prettier-ignore
})

t.test('takes an answer without epoch, and ignores the epochs of versions before 9', async (t) => {
  t.strictSame(rows(mergeTopic(KNOWN, answer([[0, 3, -1], [1, 3, -1]]))), [[0, 3, -1], [1, 3, -1]]) // prettier-ignore
  t.strictSame(rows(mergeTopic(KNOWN, answer([[0, 3, 1], [1, 3, 1]], ID, 8))), [[0, 3, -1], [1, 3, -1]]) // prettier-ignore
})

t.test('takes a grown and a shrunken number of partitions', async (t) => {
  t.equal(mergeTopic(KNOWN, answer([[0, 1, 5], [1, 2, 7], [2, 3, 0]]))?.partitions.length, 3) // prettier-ignore
  t.equal(mergeTopic(KNOWN, answer([[0, 1, 5]]))?.partitions.length, 1)
})

t.test('refuses partitions that are not exactly 0 to n-1', async (t) => {
  for (const numbers of [[], [1], [0, 2], [0, 0], [-1, 0], [0, 2 ** 31 - 1]]) {
    const listed = numbers.map((number): Row => [number, 1, 0])
    t.equal(mergeTopic(KNOWN, answer(listed)), undefined, numbers.join())
  }
})

t.test('sees no leader where the answer has none that can be reached', async (t) => {
  const { LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND, REPLICA_NOT_AVAILABLE } = ErrorCodes
  const merged = mergeTopic(
    undefined,
    answer([
      [0, -1, 5, LEADER_NOT_AVAILABLE],
      [1, 1, 5, LISTENER_NOT_FOUND],
      [2, 9, 5],
      [3, 1, 5, REPLICA_NOT_AVAILABLE],
    ]),
  )
  t.strictSame(merged?.partitions.map(({ leaderId }) => leaderId), [-1, -1, -1, 1]) // prettier-ignore
  t.equal(merged && lacksLeader(merged, new Set([1])), true)
  t.equal(KNOWN && lacksLeader(KNOWN, new Set([1, 2, 3])), false)
  t.equal(KNOWN && lacksLeader(KNOWN, new Set([3])), true, 'its leaders are no brokers')
})

t.test('takes a hint only if its epoch is strictly newer', async (t) => {
  if (KNOWN === undefined) throw new Error('not built')
  const hint = { topic: 'a', topicId: KNOWN.topicId, partition: 1, leaderId: 3 }
  t.strictSame(newsOf(KNOWN, { ...hint, leaderEpoch: 8 }), { partition: 1, leaderId: 3, leaderEpoch: 8 }) // prettier-ignore
  t.equal(newsOf(KNOWN, { ...hint, leaderEpoch: 7 }), undefined)
  t.equal(newsOf(KNOWN, { ...hint, leaderEpoch: 8, leaderId: -1 }), undefined)
  t.equal(newsOf(KNOWN, { ...hint, leaderEpoch: 8, partition: 2 }), undefined)
})

t.test('takes no hint that was given for another topic by that name', async (t) => {
  if (KNOWN === undefined) throw new Error('not built')
  const hint = { topic: 'a', topicId: 'former', partition: 1, leaderId: 3, leaderEpoch: 8 }
  t.equal(newsOf(KNOWN, hint), undefined)
})

t.test('forgets its leaders, so that any answer is news', async (t) => {
  if (KNOWN === undefined) throw new Error('not built')
  const forgotten = forgetLeaders(KNOWN)
  t.strictSame(rows(forgotten), [[0, -1, -1], [1, -1, -1]]) // prettier-ignore
  t.strictSame(rows(mergeTopic(forgotten, answer([[0, 1, 0], [1, 1, 0]]))), [[0, 1, 0], [1, 1, 0]]) // prettier-ignore
})

t.test('an answer goes back where no topic id says that the topic is another', async (t) => {
  const known = mergeTopic(undefined, answer([[0, 1, 5], [1, 2, 7]], ZERO_UUID)) // prettier-ignore
  t.not(known, undefined)
  if (known === undefined) return
  t.ok(goesBack(known, answer([[0, 3, 5], [1, 2, 6]], ZERO_UUID))) // prettier-ignore
  t.notOk(goesBack(known, answer([[0, 3, 6], [1, 2, 7], [2, 2, 0]], ZERO_UUID))) // prettier-ignore
  t.notOk(goesBack(known, answer([[0, 3, 4], [1, 3, -1]], ZERO_UUID, 8))) // prettier-ignore
  t.notOk(goesBack(known, answer([[0, 3, 0]])))
  t.strictSame(rows(mergeTopic(forgetEpochs(known), answer([[0, 3, 0]], ZERO_UUID))), [[0, 3, 0]])
})
