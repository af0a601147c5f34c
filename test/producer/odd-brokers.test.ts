/**
 * Brokers that say what no sound broker would: ranges of versions that make no sense, answers that
 * are cut, damaged, or about something else. Each ends in a retry or a clear error; nothing hangs,
 * nothing is thrown where nobody can catch it, nothing is left behind.
 */
import t from 'tap'
import type { OttlaError, RecordMetadata } from '../../src/index.js'
import type { ApiVersion } from '../../src/protocol/messages/api-versions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata, type MetadataResponse } from '../../src/protocol/messages/metadata.js'
import { produce, type ProduceResponse } from '../../src/protocol/messages/produce.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { ALL_VERSIONS } from '../network/support/scripted-broker.js'
import { simulate, values } from '../testing/support/simulation.js'
import { ScriptedCluster } from './support/scripted-cluster.js'

const RECORD = { topic: 'orders', partition: 0, value: 'x' }
const SHORT = { deliveryTimeoutMs: 4000, requestTimeoutMs: 1000, maxBlockMs: 3000 }

process.on('unhandledRejection', (error) => t.fail(`unhandled: ${String(error)}`))

/** All versions, but for one API. */
const but = (apiKey: number, ...ranges: [min: number, max: number][]): ApiVersion[] => [
  ...ALL_VERSIONS.filter((range) => range.apiKey !== apiKey),
  ...ranges.map(([minVersion, maxVersion]) => ({ apiKey, minVersion, maxVersion })),
]

/** A message's version and what becomes of a send. */
const RANGES: Record<string, readonly [versions: ApiVersion[], expected: string | RegExp]> = {
  'no Produce': [but(produce.key), /no common version of Produce.*does not have it/],
  'a Produce of the future': [but(produce.key, [14, 20]), /no common version of Produce.*14 to 20/],
  'a Produce of the past': [but(produce.key, [0, 2]), /no common version of Produce.*0 to 2/],
  'a Produce range upside down': [but(produce.key, [9, 4]), /no common version of Produce/],
  'negative versions of Produce': [but(produce.key, [-3, -1]), /no common version of Produce/],
  'every version there could be': [but(produce.key, [-32768, 32767]), 'acked'],
  'Produce listed twice': [but(produce.key, [0, 2], [3, 9]), 'acked'],
  'no Metadata': [but(metadata.key), /no common version of Metadata/],
  'a Metadata of the future': [but(metadata.key, [50, 60]), /no common version of Metadata/],
  'Metadata without topic ids, Produce with': [but(metadata.key, [0, 9]), 'acked'],
  'no InitProducerId': [but(initProducerId.key), /InitProducerId.*set idempotence: false/],
  'nothing at all': [[], /no common version of Metadata/],
  'APIs that nobody knows': [
    [...ALL_VERSIONS, { apiKey: 9999, minVersion: 0, maxVersion: 1 }],
    'acked',
  ],
}

for (const [name, [versions, expected]] of Object.entries(RANGES)) {
  t.test(`versions: ${name}`, async (t) => {
    const it = new ScriptedCluster({ versions }, SHORT)
    const outcome = await it.outcome(it.producer.send(RECORD))
    if (expected === 'acked') t.equal((outcome as RecordMetadata).offset, 2n ** 60n)
    else t.match(outcome, { outcome: 'not-written', message: expected })
    t.ok(it.clock.monotonicMs() < 100, 'at once')
    await it.outcome(it.producer.close())
    t.equal(it.clock.timerCount, 0)
    t.equal(it.network.openPeers.length, 0)
  })
}

t.test('a Produce that needs topic ids, of topics that have none, is refused', async (t) => {
  const versions = but(produce.key, [13, 13])
  const it = new ScriptedCluster({ versions, topicId: ZERO_UUID }, SHORT)
  const outcome = await it.outcome(it.producer.send(RECORD))
  t.match(outcome, { outcome: 'not-written', message: /no common version of Produce/ })
  await it.outcome(it.producer.close())
})

type Produced = (sound: ProduceResponse) => ProduceResponse

const noTopics: Produced = (sound) => ({ ...sound, responses: [] })
const withTopics =
  (change: (topic: ProduceResponse['responses'][number]) => object[]): Produced =>
  (sound) => ({ ...sound, responses: sound.responses.flatMap(change) as typeof sound.responses })

/** Answers that leave something out: the record goes again. */
const INCOMPLETE: Record<string, Produced> = {
  'no topics': noTopics,
  'no partitions': withTopics((topic) => [{ ...topic, partitionResponses: [] }]),
  'another topic': withTopics((topic) => [
    { ...topic, name: 'others', topicId: 'x'.repeat(21) + 'w' },
  ]),
  'other partitions': withTopics(({ partitionResponses, ...topic }) => [
    {
      ...topic,
      partitionResponses: [-1, 7, 2 ** 31 - 1].map((index) => ({
        ...partitionResponses[0],
        index,
      })),
    },
  ]),
}

for (const version of [3, 9, 13]) {
  for (const [name, produced] of Object.entries(INCOMPLETE)) {
    t.test(`an answer (v${version}) about ${name} is none`, async (t) => {
      const it = new ScriptedCluster({ produced }, { ...SHORT, apiVersions: { Produce: version } })
      const sent = it.outcome(it.producer.send(RECORD), 2000)
      await it.clock.advanceSettled(1)
      it.oddity = {}
      t.equal(((await sent) as RecordMetadata).offset, 2n ** 60n + 1n, 'that of the second attempt')
      t.equal(it.produceRequests, 2)
      await it.outcome(it.producer.close())
    })
    t.test(
      `where every answer (v${version}) is about ${name}, the record is unknown`,
      async (t) => {
        const it = new ScriptedCluster(
          { produced },
          { ...SHORT, apiVersions: { Produce: version } },
        )
        t.match(await it.outcome(it.producer.send(RECORD)), {
          code: 'ERR_OTTLA_DELIVERY_TIMEOUT',
          outcome: 'unknown',
          message:
            /an attempt was sent and its answer is missing.*left a partition of the request out/,
        })
        await it.outcome(it.producer.close())
        t.equal(it.clock.timerCount, 0)
      },
    )
  }
}

t.test('a producer id below 0 is none: it is asked for again', async (t) => {
  for (const odd of [{ producerId: -1n }, { producerEpoch: -1 }]) {
    const it = new ScriptedCluster({ identified: (sound) => ({ ...sound, ...odd }) }, SHORT)
    const failed = (await it.outcome(it.producer.send(RECORD))) as OttlaError
    t.match(failed, {
      outcome: 'not-written',
      message: /no producer id: .*answer of boot:9092 to InitProducerId gives the producer id/,
    })
    t.equal(it.produceRequests, 0, 'nothing leaves without an id')
    it.oddity = {}
    t.match(await it.outcome(it.producer.send(RECORD)), { offset: 2n ** 60n })
    await it.outcome(it.producer.close())
    t.equal(it.clock.timerCount, 0)
  }
})

type Described = MetadataResponse['topics'][number]
type Part = Described['partitions'][number]

const withPartitions =
  (change: (partitions: readonly Part[]) => object[]) =>
  (sound: MetadataResponse): MetadataResponse => ({
    ...sound,
    topics: sound.topics.map((topic) => {
      return { ...topic, partitions: change(topic.partitions) as Part[] }
    }),
  })

/** Metadata that leaves out the topic, or partitions of it. */
const GAPS: Record<string, (sound: MetadataResponse) => MetadataResponse> = {
  'the topic is left out': (sound) => ({ ...sound, topics: [] }),
  'no partitions': withPartitions(() => []),
  'a gap': withPartitions(([a, b]) => [{ ...a }, { ...b, partitionIndex: 2 }]),
  'a partition twice': withPartitions(([a]) => [{ ...a }, { ...a }]),
  'a negative index': withPartitions(([a, b]) => [{ ...a, partitionIndex: -1 }, { ...b }]),
}

for (const [name, described] of Object.entries(GAPS)) {
  t.test(`metadata with ${name} is named as the reason, and loses no known topic`, async (t) => {
    const it = new ScriptedCluster({ described }, SHORT)
    const failed = (await it.outcome(it.producer.send(RECORD))) as OttlaError
    t.match(failed, {
      outcome: 'not-written',
      retriable: true,
      message: /answers leave it out, or/,
    })
    t.match(failed.cause, { name: 'ProtocolError', retriable: true })
    t.equal(failed.message.split('topic "orders"').length, 2, 'which is named once')
    it.oddity = {}
    t.match(await it.outcome(it.producer.send(RECORD)), { offset: 2n ** 60n })
    it.oddity = { described }
    const beyond = { ...RECORD, partition: 2 } // asks for the topic, again and again
    t.match(await it.outcome(it.producer.send(beyond)), { outcome: 'not-written' })
    t.match(await it.outcome(it.producer.send(RECORD)), { offset: 2n ** 60n + 1n })
    await it.outcome(it.producer.close())
  })
}

t.test(
  'a broker that names itself as the new leader, again and again, is not asked without end',
  async (t) => {
    let leaderEpoch = 3
    const produced = withTopics(({ partitionResponses, ...topic }) => [
      {
        ...topic,
        partitionResponses: partitionResponses.map((partition) => {
          return {
            ...partition,
            errorCode: 6,
            currentLeader: { leaderId: 1, leaderEpoch: ++leaderEpoch },
          }
        }),
      },
    ])
    const it = new ScriptedCluster({ produced }, SHORT)
    t.match(await it.outcome(it.producer.send(RECORD)), {
      outcome: 'unknown',
      message:
        /answered with an error that may also come after it was stored.*NOT_LEADER_OR_FOLLOWER/,
    })
    t.ok(it.produceRequests < 12, `${it.produceRequests} requests in 4 s`)
    await it.outcome(it.producer.close())
  },
)

t.test('a topic that is refused for a reason that nobody knows is named once', async (t) => {
  const described = (sound: MetadataResponse): MetadataResponse => ({
    ...sound,
    topics: sound.topics.map((topic) => ({ ...topic, errorCode: 9999, partitions: [] })),
  })
  const it = new ScriptedCluster({ described }, SHORT)
  const failed = (await it.outcome(it.producer.send(RECORD))) as OttlaError
  t.match(failed.message, /^topic "orders": .*UNKNOWN_ERROR_9999/)
  t.equal(failed.message.split('topic "orders"').length, 2)
  await it.outcome(it.producer.close())
})

t.test('what an answer says twice counts once, the first time', async (t) => {
  const produced = withTopics((topic) => {
    const [first] = topic.partitionResponses
    const again = { ...first, errorCode: 87, baseOffset: -1n }
    return [{ ...topic, partitionResponses: [first, again, first] }, topic, topic]
  })
  const it = new ScriptedCluster({ produced }, SHORT)
  for (const offset of [0n, 1n, 2n]) {
    const outcome = await it.outcome(it.producer.send(RECORD))
    t.equal((outcome as RecordMetadata).offset, 2n ** 60n + offset)
  }
  await it.outcome(it.producer.close())
})

for (const version of [3, 8, 10, 13]) {
  t.test(`answers cut at any byte store each record once (Produce v${version})`, async (t) => {
    const it = await simulate(
      { topics: { orders: {} } },
      { apiVersions: { Produce: version }, reconnectBackoffMaxMs: 50 },
    )
    const count = 80 // beyond the longest answer
    for (let cutAnswerAt = 0; cutAnswerAt < count; cutAnswerAt++) {
      it.cluster.failNext('Produce', { cutAnswerAt })
      const value = String(cutAnswerAt)
      const { offset } = await it.run(it.producer.send({ ...RECORD, value }), Infinity)
      if (offset !== BigInt(cutAnswerAt)) t.fail(`${cutAnswerAt} is at ${offset}`)
    }
    t.strictSame(
      values(it.cluster, 'orders'),
      Array.from({ length: count }, (_, i) => String(i)),
    )
    await it.run(it.producer.close(), Infinity)
  })
}

t.test('the other answers may be cut at any byte, too', async (t) => {
  for (const api of ['ApiVersions', 'Metadata', 'InitProducerId'] as const) {
    for (let cutAnswerAt = 0; cutAnswerAt < 200; cutAnswerAt += cutAnswerAt < 60 ? 1 : 7) {
      const it = await simulate({ topics: { orders: {} } })
      it.cluster.failNext(api, { cutAnswerAt })
      const { offset } = await it.run(it.producer.send(RECORD))
      if (offset !== 0n) t.fail(`${api} cut at ${cutAnswerAt}: ${offset}`)
      await it.run(it.producer.close())
      if (it.clock.timerCount > 0) t.fail(`${api} cut at ${cutAnswerAt} leaves a timer`)
    }
  }
})

/** A frame that ends early, and says so. */
const shortened = (frame: Buffer, length: number): Buffer => {
  const cut = Buffer.from(frame.subarray(0, length))
  if (length >= 4) cut.writeInt32BE(length - 4)
  return cut
}

t.test('a whole frame with half an answer is a lost answer, wherever it ends', async (t) => {
  for (const version of [3, 9, 13]) {
    let longest = 4
    for (let length = 4; length <= longest; length++) {
      let isCut = false
      const altered = (frame: Buffer, { apiKey }: { apiKey: number }): Buffer => {
        if (apiKey !== produce.key || isCut) return frame
        isCut = true
        longest = frame.length - 1
        return shortened(frame, length)
      }
      const it = new ScriptedCluster({ altered }, { ...SHORT, apiVersions: { Produce: version } })
      const outcome = await it.outcome(it.producer.send(RECORD))
      t.equal((outcome as RecordMetadata).offset, 2n ** 60n + 1n, `v${version} cut to ${length}`)
      await it.outcome(it.producer.close())
    }
  }
})

t.test(
  'damaged answers of every kind end in an answer or an error, and leave nothing',
  async (t) => {
    const seed = Number(process.env['SEED'] ?? 20261126)
    t.comment(`seed ${seed} (SEED=… for another)`)
    let state = seed
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const damaged = (frame: Buffer): Buffer | null => {
      const kind = random(12)
      if (kind === 0) return null
      if (kind === 1) return Buffer.concat([frame, Buffer.from([random(256), random(256)])])
      if (kind === 2) return shortened(frame, random(frame.length))
      if (kind > 6) return frame
      const bytes = Buffer.from(frame)
      for (let flips = random(3); flips >= 0; flips--) bytes[random(bytes.length)] = random(256)
      return bytes
    }
    const codes = new Set<string>()
    for (let round = 0; round < 300; round++) {
      const it = new ScriptedCluster({ altered: damaged }, { ...SHORT, retryBackoffMaxMs: 100 })
      const sends = Array.from({ length: 3 }, (_, i) =>
        it.producer.send({ ...RECORD, partition: i % 2, value: `${i}` }),
      )
      const outcomes = (await it.outcome(
        Promise.allSettled(sends),
      )) as PromiseSettledResult<unknown>[]
      for (const result of outcomes) {
        const code = result.status === 'fulfilled' ? 'acked' : (result.reason as OttlaError).code
        codes.add(code)
      }
      await it.outcome(it.producer.close())
      await it.clock.settle()
      if (it.clock.timerCount > 0) t.fail(`round ${round} leaves ${it.clock.timerCount} timers`)
      if (it.network.openPeers.length > 0) t.fail(`round ${round} leaves a socket`)
    }
    t.ok(codes.has('acked'), [...codes].join(', '))
    t.notOk(codes.has('ERR_OTTLA_FATAL'))
  },
)
