/** A group's metadata and offsets, in the shapes that other libraries' consumers have, and wrong ones. */
import t from 'tap'
import { checkOffsets, groupMember } from '../../../src/producer/coordinating/consumer-group.js'

const NOBODY = { generationId: -1, memberId: '', groupInstanceId: null }

t.test('a group', async (t) => {
  t.strictSame(groupMember('g'), { groupId: 'g', ...NOBODY })
  t.strictSame(groupMember({ groupId: 'g' }), { groupId: 'g', ...NOBODY })
  const undefinedOnes = { generationId: undefined, memberId: undefined, groupInstanceId: undefined }
  t.strictSame(groupMember({ groupId: 'g', ...undefinedOnes }), { groupId: 'g', ...NOBODY })
  // kafkajs: the payload of GROUP_JOIN has no generation
  const ofKafkajs = { groupId: 'g', memberId: 'm', memberAssignment: {}, groupProtocol: 'x', isLeader: true }
  t.strictSame(groupMember(ofKafkajs), { groupId: 'g', ...NOBODY, memberId: 'm' })
  // @platformatic/kafka: message.metadata.consumer
  const ofPlatformatic = { groupId: 'g', generationId: 3, memberId: 'm', coordinatorId: 1 }
  t.strictSame(groupMember(ofPlatformatic), { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null })
  const ofJava = { groupId: 'g', generationId: 2 ** 31 - 1, memberId: 'm', groupInstanceId: 'i' }
  t.strictSame(groupMember(ofJava), ofJava)
  class Metadata {
    get groupId(): string {
      return 'getter'
    }
  }
  t.equal(groupMember(new Metadata()).groupId, 'getter')
}) // prettier-ignore

t.test('what is no group', async (t) => {
  const invalid = { name: 'InvalidRecordError' }
  for (const group of [undefined, null, '', 7, [], {}, { groupId: '' }, { groupId: 7 }, { id: 'g' }, () => 'g']) {
    t.throws(() => groupMember(group), { ...invalid, message: /give the group's id/ })
  }
  for (const generationId of ['1', -2, 1.5, NaN, 2 ** 31, 1n, {}]) {
    t.throws(() => groupMember({ groupId: 'g', generationId }), { ...invalid, message: /generationId/ })
  }
  for (const memberId of [7, {}, true]) {
    t.throws(() => groupMember({ groupId: 'g', memberId }), { ...invalid, message: /memberId/ })
  }
  for (const groupInstanceId of [7, {}, true]) {
    t.throws(() => groupMember({ groupId: 'g', groupInstanceId }), { ...invalid, message: /groupInstanceId/ })
  }
  for (const name of ['groupId', 'memberId', 'groupInstanceId']) {
    const half = { groupId: 'g', [name]: 'a\ud83d' }
    t.throws(() => groupMember(half), { ...invalid, message: new RegExp(`a ${name} with an unpaired surrogate`) })
    const long = { groupId: 'g', [name]: 'é'.repeat(16384) } // 2 bytes each, and the wire counts to 32767
    t.throws(() => groupMember(long), { ...invalid, message: new RegExp(`a ${name} of 32768 bytes.*at most 32767`) })
    t.doesNotThrow(() => groupMember({ groupId: 'g', [name]: 'g'.repeat(32767) }))
  }
}) // prettier-ignore

t.test('offsets', async (t) => {
  const plain = { topic: 'in', partition: 0, leaderEpoch: -1, metadata: null }
  const offset = (offset: unknown) => ({ topic: 'in', partition: 0, offset })
  for (const given of [0n, 0, '0']) t.strictSame(checkOffsets([offset(given)]), [{ ...plain, offset: 0n }])
  const last = 2n ** 63n - 1n
  t.strictSame(checkOffsets([offset(last), offset(String(last))]), [{ ...plain, offset: last }, { ...plain, offset: last }])
  // kafkajs
  const ofKafkajs = { topic: 'in', partition: 3, offset: '12', metadata: null }
  t.match(checkOffsets([ofKafkajs]), [{ partition: 3, offset: 12n }])
  // confluent: leaderEpoch may be undefined
  const ofConfluent = { topic: 'in', partition: 3, offset: '12', leaderEpoch: undefined, metadata: 'm' }
  t.match(checkOffsets([ofConfluent]), [{ offset: 12n, leaderEpoch: -1, metadata: 'm' }])
  // platformatic
  const ofPlatformatic = { topic: 'in', partition: 3, offset: 12n, leaderEpoch: 4 }
  t.match(checkOffsets(new Set([ofPlatformatic])), [{ offset: 12n, leaderEpoch: 4 }])
  const map = new Map([['in', offset(5)]])
  t.match(checkOffsets(map.values()), [{ offset: 5n }])
  t.strictSame(checkOffsets([]), [])
}) // prettier-ignore

t.test('what are no offsets', async (t) => {
  const invalid = { name: 'InvalidRecordError' }
  for (const offsets of [undefined, null, 'in', 7, {}, { topic: 'in', partition: 0, offset: 1n }]) {
    t.throws(() => checkOffsets(offsets), { ...invalid, message: /for offsets: give a list/ })
  }
  const good = { topic: 'in', partition: 0, offset: 1n }
  for (const [name, values] of Object.entries({
    topic: [undefined, '', 7, null, 'a b', '..', 'a'.repeat(250), 'a'.repeat(40000), 'a\ud83d'],
    partition: [undefined, '0', -1, 0.5, null, 2 ** 31],
    offset: [undefined, null, -1, -1n, 1.5, NaN, 2 ** 53, '', '-1', '1.5', '0x1', ' 1', 2n ** 63n, '9'.repeat(19), {}],
    leaderEpoch: ['1', -2, 1.5],
    metadata: [7, {}, 'a\ud83d', 'é'.repeat(16384)],
  })) {
    for (const value of values) {
      t.throws(() => checkOffsets([good, { ...good, [name]: value }]), { ...invalid, message: new RegExp(name) })
    }
  }
  for (const item of [null, undefined, 7, 'in']) t.throws(() => checkOffsets([item]), invalid)
}) // prettier-ignore
