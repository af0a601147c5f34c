// Answers that can be read and are none: what was asked for is missing, and no error code says why.
import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { addPartitionsToTxn } from '../../../src/protocol/messages/add-partitions-to-txn.js'
import { txnOffsetCommit } from '../../../src/protocol/messages/txn-offset-commit.js'

const IDENTITY = { transactionalId: 'tx', producerId: 1n, producerEpoch: 0 }
const MEMBER = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
const { NONE, CONCURRENT_TRANSACTIONS } = ErrorCodes
const LEFT_OUT = 'leaves out topic "b" partition 1, which was asked about'

type Answered = readonly (readonly [topic: string, partition: number, code: number])[]

/** What is wrong with an answer about a-0, b-0 and b-1 that says this. */
const FAULTS = {
  AddPartitionsToTxn: (answered: Answered) => {
    const topics = [{ name: 'a', partitions: [0] }, { name: 'b', partitions: [0, 1] }] // prettier-ignore
    const results = answered.map(([name, partitionIndex, partitionErrorCode]) => {
      return { name, resultsByPartition: [{ partitionIndex, partitionErrorCode }] }
    })
    return addPartitionsToTxn.fault?.({ ...IDENTITY, topics }, { throttleTimeMs: 0, results })
  },
  TxnOffsetCommit: (answered: Answered) => {
    const offset = { committedOffset: 1n, committedLeaderEpoch: -1, committedMetadata: null }
    const of = (...indexes: number[]) =>
      indexes.map((partitionIndex) => ({ ...offset, partitionIndex }))
    const topics = [{ name: 'a', partitions: of(0) }, { name: 'b', partitions: of(0, 1) }] // prettier-ignore
    const answers = answered.map(([name, partitionIndex, errorCode]) => {
      return { name, partitions: [{ partitionIndex, errorCode }] }
    })
    const request = { ...IDENTITY, ...MEMBER, topics }
    return txnOffsetCommit.fault?.(request, { throttleTimeMs: 0, topics: answers })
  },
}

for (const [name, faultOf] of Object.entries(FAULTS)) {
  t.test(`${name}: a partition that is left out is one that nobody has taken`, async (t) => {
    t.equal(faultOf([['b', 0, NONE], ['a', 0, NONE]]), LEFT_OUT) // prettier-ignore
    t.equal(faultOf([['a', 1, NONE], ['a', 0, NONE], ['b', 0, NONE]]), LEFT_OUT) // prettier-ignore
    t.match(faultOf([]), /topic "a" partition 0/)
    t.equal(faultOf([['b', 1, NONE], ['a', 0, NONE], ['b', 0, NONE], ['c', 0, NONE]]), undefined) // prettier-ignore
    t.equal(faultOf([['a', 0, CONCURRENT_TRANSACTIONS]]), undefined, 'a refusal says more')
  })
}
