/**
 * A topic that is deleted, made anew, or given more partitions while a producer uses it.
 */
import { brokerTest } from '../broker/broker-test.js'
import { forMs, newProducer, newTopic } from './broker/bench.js'
import { addPartitions, createAgain, deleteTopic } from './broker/topic-admin.js'

for (const apiVersions of [{ Produce: 13 }, { Produce: 12 }]) {
  const how = `Produce up to v${apiVersions.Produce}`
  await brokerTest(`a topic made anew is written to again (${how})`, async (t, kafka) => {
    const topic = await newTopic(kafka, { partitions: 2 })
    const producer = newProducer(t, kafka, { apiVersions })
    const batch = (name: string): Promise<bigint[]> =>
      Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const acked = await producer.send({ topic, value: `${name}-${i}`, partition: i % 2 })
          return acked.offset
        }),
      )
    await batch('old')
    await deleteTopic(kafka, topic)
    await createAgain(kafka, topic, 2)
    const offsets = await batch('new')
    t.strictSame(
      offsets.map(Number),
      [...offsets.keys()].map((i) => Math.floor(i / 2)),
    )
    const read = await kafka.readTopic(topic)
    t.equal(read.length, 100)
    t.ok(read.every(({ value }) => String(value).startsWith('new')))
    await batch('again')
    t.strictSame(
      (await kafka.summarizeTopic(topic)).map(({ count, gaps }) => [count, gaps]),
      [
        [100, 0],
        [100, 0],
      ],
    )
  })
}

await brokerTest('a topic made anew in the midst of a stream', async (t, kafka) => {
  // One partition: the broker may make the topic again by itself, since it is asked for all the time.
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { deliveryTimeoutMs: 20_000, requestTimeoutMs: 5_000 })
  const until = new AbortController()
  const failures: Error[] = []
  let ackedCount = 0
  const stream = (async () => {
    for (let n = 0; !until.signal.aborted; n++) {
      const sent = Array.from({ length: 50 }, (_, i) =>
        producer.send({ topic, value: `${n}-${i}` }).then(
          () => ackedCount++,
          (error: unknown) => failures.push(error as Error),
        ),
      )
      await Promise.all(sent)
      await forMs(1)
    }
  })()
  for (let round = 0; round < 3; round++) {
    await forMs(200)
    await deleteTopic(kafka, topic)
    await kafka.createTopic(topic).catch(() => {}) // the producer may be quicker (auto-creation)
  }
  const before = ackedCount
  await forMs(500)
  until.abort()
  await stream
  t.ok(ackedCount > before, `it goes on: ${ackedCount} acked`)
  t.strictSame(failures.slice(0, 1), [], `${failures.length} failed`)
  const [summary] = await kafka.summarizeTopic(topic)
  t.strictSame([summary?.firstOffset, summary?.gaps], [0n, 0])
})

await brokerTest('partitions added in use are found, and used', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 1 })
  const producer = newProducer(t, kafka, { maxBlockMs: 20_000 })
  await producer.send({ topic, value: 'first' })
  const beyond = producer.send({ topic, value: 'beyond', partition: 2 })
  await addPartitions(kafka, topic, 3)
  const acked = await beyond
  t.strictSame([acked.partition, acked.offset], [2, 0n])
  t.equal((await producer.partitionsFor(topic)).length, 3)
  const seen = new Set<number>()
  for (let i = 0; i < 30; i++) {
    seen.add((await producer.send({ topic, key: `key-${i}`, value: 'x' })).partition)
  }
  t.strictSame([...seen].sort(), [0, 1, 2])
})
