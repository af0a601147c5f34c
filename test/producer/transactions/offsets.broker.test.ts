/**
 * Offsets of consumer groups in a transaction: committed with its records or not at all, in the name of
 * a member of the group or of nobody, refused to who is no member any more.
 */
import { joinGroup, type GroupProtocol } from '../../broker/group-member.js'
import { newTopic } from '../broker/bench.js'
import {
  HAS_LEVELS,
  newTransactional,
  newTransactionalId,
  onEachLevel,
  readSet,
} from '../broker/transactions.js'

await onEachLevel('offsets are committed with the records, or neither', async (t, kafka) => {
  const [from, to] = await Promise.all([newTopic(kafka, { partitions: 3 }), newTopic(kafka)])
  const producer = newTransactional(t, kafka, newTransactionalId())
  const groups = [`one-${from}`, `two-${from}`] as const

  await producer.transaction(async (txn) => {
    txn.enqueue({ topic: to, value: 'kept' })
    const whole = { topic: from, partition: 0, offset: 17n, leaderEpoch: 0, metadata: 'a + b' }
    await txn.sendOffsets(groups[0], [whole, { topic: from, partition: 1, offset: '4' }])
    await txn.sendOffsets({ groupId: groups[1] }, [{ topic: from, partition: 2, offset: 9 }])
    await txn.sendOffsets(groups[0], [{ topic: from, partition: 1, offset: 5n }])
    await txn.sendOffsets(groups[1], [])
  })
  t.strictSame(await kafka.committedOffsets(groups[0], from), [
    { partition: 0, offset: 17n, leaderEpoch: 0, metadata: 'a + b' },
    { partition: 1, offset: 5n, leaderEpoch: null, metadata: '' },
  ])
  const second = [{ partition: 2, offset: 9n, leaderEpoch: null, metadata: '' }]
  t.strictSame(await kafka.committedOffsets(groups[1], from), second)

  const txn = await producer.begin()
  await txn.send({ topic: to, value: 'gone' })
  await txn.sendOffsets(groups[1], [{ topic: from, partition: 2, offset: 1000n }])
  t.strictSame(await kafka.committedOffsets(groups[1], from, 'now'), second)
  await txn.abort()
  t.strictSame(await kafka.committedOffsets(groups[1], from), second)
  t.strictSame(await readSet(kafka, to), ['kept'])
})

await onEachLevel('a transaction of offsets alone', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  for (const offset of [1n, 2n]) {
    await producer.transaction((txn) =>
      txn.sendOffsets(`alone-${topic}`, [{ topic, partition: 0, offset }]),
    )
  }
  t.match(await kafka.committedOffsets(`alone-${topic}`, topic), [{ offset: 2n }])
})

const PROTOCOLS: readonly GroupProtocol[] = HAS_LEVELS ? ['classic', 'consumer'] : ['classic']

for (const protocol of PROTOCOLS) {
  await onEachLevel(`in the name of a member (group protocol ${protocol})`, async (t, kafka) => {
    const topic = await newTopic(kafka, { partitions: 2 })
    const groupId = `member-${topic}`
    const member = await joinGroup(kafka, groupId, topic, protocol)
    t.teardown(() => member.leave())
    const { generationId, memberId } = member
    const producer = newTransactional(t, kafka, newTransactionalId())
    await producer.transaction(async (txn) => {
      await txn.send({ topic, partition: 1, value: 'kept' })
      await txn.sendOffsets({ groupId, generationId, memberId }, [
        { topic, partition: 0, offset: 3 },
      ])
    })

    const strangers = [
      { groupId, generationId: generationId + 1, memberId },
      { groupId, generationId, memberId: 'nobody' },
    ]
    for (const stranger of strangers) {
      const txn = await producer.begin()
      await txn.send({ topic, partition: 1, value: 'gone' })
      const refused = txn.sendOffsets(stranger, [{ topic, partition: 0, offset: 1000 }])
      await t.rejects(refused, { name: 'TransactionAbortedError' })
      await t.rejects(txn.commit(), { name: 'TransactionAbortedError' })
      t.equal(txn.state, 'aborted')
    }
    await member.leave()
    await producer.transaction(async (txn) => void (await txn.send({ topic, value: 'the next' })))
    t.match(await kafka.committedOffsets(groupId, topic), [{ partition: 0, offset: 3n }])
    t.strictSame(await readSet(kafka, topic), ['kept', 'the next'])
  })
}
