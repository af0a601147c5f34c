import t from 'tap'
import { ConfigError } from '../../../src/errors.js'
import type { ProducerOptions, ResolvedOptions } from '../../../src/producer/options/options.js'
import { INSTEAD, mendOf, RENAMED } from '../../../src/producer/options/other-names.js'
import { resolveOptions } from '../../../src/producer/options/resolve-options.js'
import { Producer } from '../../../src/producer/producer.js'
import { bufferSizeFor } from '../../../src/protocol/record-batch.js'
import type { Serialized } from '../../../src/serialization/serializer.js'

type Given = Partial<Record<keyof ProducerOptions, unknown>> & Record<string, unknown>
type Resolved = ResolvedOptions<Serialized, Serialized>

/** As a user without types would call it. */
function resolve(given: Given, warnings: string[] = []): Resolved {
  const options = { brokers: ['a:1'], ...given } as unknown as ProducerOptions
  return resolveOptions(options, (message) => warnings.push(message))
}

const MAX = 2 ** 31 - 1
/** A batch as large as the memory gives way by what stands around it. */
const ROOM_BYTES = bufferSizeFor(0)

/** The smallest and the largest value of every option that is a number. */
const RANGES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  lingerMs: [0, MAX],
  batchSizeBytes: [512, MAX],
  maxRequestSizeBytes: [512, MAX],
  bufferMemoryBytes: [16_384, MAX],
  maxBlockMs: [0, MAX],
  maxWaitingSends: [0, MAX],
  maxInFlight: [1, MAX],
  deliveryTimeoutMs: [1, MAX],
  requestTimeoutMs: [1, MAX],
  retries: [0, MAX],
  retryBackoffMs: [0, MAX],
  retryBackoffMaxMs: [0, MAX],
  reconnectBackoffMs: [0, MAX],
  reconnectBackoffMaxMs: [0, MAX],
  connectionTimeoutMs: [1, MAX],
  connectionsMaxIdleMs: [1, MAX],
  metadataMaxAgeMs: [1, MAX],
  metadataMaxIdleMs: [1, MAX],
}

for (const [name, [least, most]] of Object.entries(RANGES)) {
  t.test(`${name} is an integer from ${least} to ${most}`, async (t) => {
    for (const value of [least, most]) {
      const found = (resolve({ [name]: value, idempotence: false }) as unknown as Record<string, number>)[name] as number
      t.ok(found <= value && found >= value - ROOM_BYTES, `${found}`)
    }
    for (const value of [least - 1, most + 1, least + 0.5, NaN, Infinity, `${least}`, null, true, 5n, {}]) {
      t.throws(() => resolve({ [name]: value }), ConfigError)
      t.throws(() => resolve({ [name]: value }), { message: new RegExp(`option ${name} is .*${least} to ${most}`) })
    }
  })
} // prettier-ignore

const logger = { debug() {}, info() {}, warn() {}, error() {} }

/** For each other option: values that are taken, and values that are not. */
const OTHERS: Readonly<Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]>> = {
  clientId: [['', 'x', 'é'], [7, null, 'x'.repeat(32_768)]],
  acks: [['all', 0, 1], [-1, 2, '1', null, true]],
  idempotence: [[true, false], ['yes', 1, null]],
  partitionerIgnoreKeys: [[true, false], [1, null]],
  partitionerAdaptive: [[true, false], [1, null]],
  createTopics: [[true, false], ['yes', 0, null]],
  metricsPush: [[true, false], ['yes', 0, null]],
  partitioner: [[() => 0], [{}, 'murmur2', null]],
  serializers: [[{}, { key: String }, { value: String, key: undefined }], [null, String, { key: 7 }, { values: String }]],
  sasl: [[{ mechanism: 'PLAIN', username: 'u', password: 'p' }], []], // refused below, where it is checked
  tls: [[true, false, {}, () => ({})], [null, 7, 'yes', [], { ca: 'no pem' }, { zebra: 1 }]],
  interceptors: [[[], [{ onSend: () => undefined }, { onOutcome() {} }]], [null, {}, 7, [{}], [null], [7], [{ onSend: 7 }], [{ onSend() {}, onOutcome: 'x' }]]],
  logger: [[logger, console], [null, {}, { ...logger, warn: 7 }, () => 7]],
  apiVersions: [[{}, { Produce: 9 }], [null, 7, { Produce: '9' }, { Produce: -1 }, { Produce: 1.5 }]],
  compression: [['none', 'gzip'], [7, null, {}, { codec: 'gzip', levle: 3 }]],
} // prettier-ignore

for (const [name, [good, bad]] of Object.entries(OTHERS)) {
  t.test(`${name} takes what it should and refuses the rest`, async (t) => {
    for (const value of good) t.doesNotThrow(() => resolve({ [name]: value }))
    for (const value of bad) t.throws(() => resolve({ [name]: value }), ConfigError)
  })
}

t.test('sasl is checked by the constructor', async (t) => {
  for (const sasl of [null, 7, {}, { mechanism: 'SCRAM' }, { mechanism: 'PLAIN', username: 'u' }]) {
    const options = { brokers: 'a:1', sasl } as unknown as ProducerOptions
    t.throws(() => new Producer(options), { name: 'ConfigError', message: /sasl/ })
  }
})

/** Those of a TransactionalProducer (transactional-options.test.ts). */
const TRANSACTIONAL = ['transactionalId', 'transactionTimeoutMs']

t.test('every option that there is has been tried above', async (t) => {
  const tried = ['brokers', ...Object.keys(RANGES), ...Object.keys(OTHERS), ...TRANSACTIONAL]
  const known = Object.keys(resolve({}))
  for (const name of known) t.ok(tried.includes(name), name)
})

t.test('brokers are host:port, one or a list, or with commas between', async (t) => {
  t.strictSame(resolve({ brokers: 'a:1' }).brokers, ['a:1'])
  t.strictSame(resolve({ brokers: ' a:1 , [::1]:2' }).brokers, ['a:1', '[::1]:2'])
  t.strictSame(resolve({ brokers: ['a:1', ' b:2 '] }).brokers, ['a:1', 'b:2'])
  for (const brokers of [undefined, null, '', [], [7], ['a'], ['a:x'], 'a:1,', 7, {}]) {
    t.throws(() => resolve({ brokers }), ConfigError)
  }
})

t.test('an option that is undefined counts as left out', async (t) => {
  t.equal(resolve({ lingerMs: undefined, acks: undefined }).acks, 'all')
  t.doesNotThrow(() => resolve({ nonsense: undefined }))
})

t.test('a version is capped by the name of an API that is spoken', async (t) => {
  t.strictSame(resolve({ apiVersions: { Produce: 9 } }).apiVersions, { Produce: 9 })
  t.throws(() => resolve({ apiVersions: { produce: 9 } }), {
    name: 'ConfigError',
    message: /option apiVersions has "produce": it can have .*Produce/,
  })
})

t.test('an unknown option is refused, and the one that was meant is named', async (t) => {
  const meant = {
    linger: 'lingerMs',
    'linger.ms': 'lingerMs',
    'batch.size': 'batchSizeBytes',
    'enable.idempotence': 'idempotence',
    'bootstrap.servers': 'brokers',
    'buffer.memory': 'bufferMemoryBytes',
    'max.in.flight.requests.per.connection': 'maxInFlight',
    requestTimeout: 'requestTimeoutMs',
  }
  for (const [name, option] of Object.entries(meant)) {
    t.throws(() => resolve({ [name]: 1 }), { name: 'ConfigError', message: `unknown option "${name}": did you mean ${option}?` })
  }
  for (const name of ['nonsense', '_', 'toString', '__proto__x', 'constructor']) {
    t.throws(() => resolve({ [name]: 1 }), { message: /unknown option .*: the options are brokers, / })
  }
}) // prettier-ignore

t.test('other clients’ names lead to an option that there is, or to what to do instead', async (t) => {
  const known = Object.keys(resolve({}))
  for (const [name, option] of Object.entries(RENAMED)) {
    t.ok(known.includes(option), option)
    t.notOk(known.includes(name), `${name} is one of ours`)
    t.throws(() => resolve({ [name]: 1 }), { message: `unknown option "${name}": did you mean ${option}?` })
  }
  for (const [name, instead] of Object.entries(INSTEAD)) {
    t.notOk(known.includes(name) && !TRANSACTIONAL.includes(name), `${name} is one of ours`)
    t.throws(() => resolve({ [name]: 1 }), { message: `unknown option "${name}": ${instead}` })
    for (const [option] of instead.matchAll(/\b[a-z]+[A-Za-z]*(?:Ms|Bytes)\b/g)) t.ok(known.includes(option), option)
  }
  t.match(mendOf('queue.buffering.max.messages'), /give bufferMemoryBytes$/, 'not how many sends may wait')
}) // prettier-ignore

t.test(
  'names before the brokers that are missing: who wrote bootstrapBrokers gave some',
  async (t) => {
    for (const name of ['bootstrapBrokers', 'bootstrap.servers', 'metadata.broker.list']) {
      t.throws(() => resolve({ brokers: undefined, [name]: 'a:1' }), {
        message: `unknown option "${name}": did you mean brokers?`,
      })
    }
    t.throws(() => resolve({ brokers: [] }), { message: /an empty list: give at least one/ })
  },
)

t.test('TLS and SASL are named as options once there are any', async (t) => {
  for (const name of [
    'ssl',
    'tls',
    'ssl.ca.location',
    'security.protocol',
    'sasl',
    'sasl.mechanism',
  ]) {
    t.match(mendOf(name), /did you mean (tls|sasl)\?/)
  }
})

t.test('a slip is mended', async (t) => {
  const meant = { lingreMs: 'lingerMs', broker: 'brokers', Acks: 'acks', compresion: 'compression', loger: 'logger', maxBlockMS: 'maxBlockMs', idempotance: 'idempotence' }
  for (const [name, option] of Object.entries(meant)) {
    t.throws(() => resolve({ [name]: 1 }), { message: `unknown option "${name}": did you mean ${option}?` })
  }
  t.throws(() => resolve({ acks: -1 }), { message: /'all', which is -1 elsewhere/ })
}) // prettier-ignore

t.test('options are an object', async (t) => {
  for (const given of [undefined, null, 'a:1', 7]) {
    t.throws(() => resolveOptions(given as unknown as ProducerOptions, () => {}), ConfigError)
  }
})

/** Two options, values of each that contradict the other's default, and values that contradict. */
const PAIRS: readonly [low: string, above: number, high: string, below: number][] = [
  ['retryBackoffMs', 2000, 'retryBackoffMaxMs', 10],
  ['reconnectBackoffMs', 2000, 'reconnectBackoffMaxMs', 10],
  ['batchSizeBytes', 2_000_000, 'maxRequestSizeBytes', 1024],
  ['batchSizeBytes', 50_000_000, 'bufferMemoryBytes', 20_000],
]

for (const [low, above, high, below] of PAIRS) {
  t.test(`${low} is never more than ${high}: the default gives way`, async (t) => {
    for (const given of [{ [low]: above }, { [high]: below }]) {
      const all = resolve(given) as unknown as Record<string, number>
      t.ok((all[low] as number) <= (all[high] as number))
      for (const [name, value] of Object.entries(given)) {
        t.ok(
          Math.abs((all[name] as number) - value) <= ROOM_BYTES,
          `${name} stays what it was set to`,
        )
      }
    }
    t.throws(() => resolve({ [low]: above, [high]: below }), {
      name: 'ConfigError',
      message: new RegExp(`${low}.*${high}`),
    })
  })
}

t.test('a full batch fits the memory with the room around it', async (t) => {
  const { batchSizeBytes, bufferMemoryBytes } = resolve({ bufferMemoryBytes: 16_384 })
  t.equal(bufferMemoryBytes, 16_384)
  t.ok(bufferSizeFor(batchSizeBytes) <= bufferMemoryBytes)
})

t.test('deliveryTimeoutMs covers lingerMs + requestTimeoutMs: defaults give way', async (t) => {
  t.match(resolve({ requestTimeoutMs: 200_000 }), { deliveryTimeoutMs: 200_000 })
  t.match(resolve({ lingerMs: 100_000 }), { deliveryTimeoutMs: 130_000 })
  t.match(resolve({ deliveryTimeoutMs: 5000 }), { requestTimeoutMs: 5000 })
  t.match(resolve({ deliveryTimeoutMs: 5000, lingerMs: 1000 }), { requestTimeoutMs: 4000 })
  t.match(resolve({ deliveryTimeoutMs: 3000, requestTimeoutMs: 2000, lingerMs: 1000 }), {
    deliveryTimeoutMs: 3000,
  })
})

t.test('and set explicitly they contradict: both are named', async (t) => {
  t.throws(() => resolve({ deliveryTimeoutMs: 2999, requestTimeoutMs: 2000, lingerMs: 1000 }), {
    name: 'ConfigError',
    message: /deliveryTimeoutMs \(2999\).*lingerMs \+ requestTimeoutMs \(1000 \+ 2000\)/,
  })
  t.throws(() => resolve({ deliveryTimeoutMs: 1000, lingerMs: 1000 }), {
    message: /deliveryTimeoutMs.*lingerMs/,
  })
})

t.test('acks 0 or 1, or no retries, alone turn idempotence off, with a warning', async (t) => {
  for (const [given, named] of [
    [{ acks: 0 }, 'acks: 0'],
    [{ acks: 1 }, 'acks: 1'],
    [{ retries: 0 }, 'retries: 0'],
  ] as const) {
    const warnings: string[] = []
    t.equal(resolve(given, warnings).idempotence, false)
    t.equal(warnings.length, 1)
    t.ok(warnings[0]?.startsWith(`${named} turns idempotence off`))
    t.throws(() => resolve({ ...given, idempotence: true }), {
      name: 'ConfigError',
      message: new RegExp(`idempotence: true.*${named}`),
    })
    const quiet: string[] = []
    t.equal(resolve({ ...given, idempotence: false }, quiet).idempotence, false)
    t.strictSame(quiet, [], 'who turned it off needs no warning')
  }
})

t.test('idempotence allows five requests in flight', async (t) => {
  t.match(resolve({ maxInFlight: 5 }), { maxInFlight: 5, idempotence: true })
  t.throws(() => resolve({ maxInFlight: 6 }), { message: /maxInFlight \(6\).*idempotence/ })
  t.throws(() => resolve({ maxInFlight: 6, idempotence: true }), ConfigError)
  t.match(resolve({ maxInFlight: 6, idempotence: false }), { maxInFlight: 6 })
  t.match(resolve({ maxInFlight: 6, acks: 1 }), { maxInFlight: 6, idempotence: false })
})

t.test('without options it is safe: all replicas, idempotent, no warning', async (t) => {
  const warnings: string[] = []
  t.match(resolve({}, warnings), {
    acks: 'all',
    idempotence: true,
    retries: MAX,
    maxInFlight: 5,
    deliveryTimeoutMs: 120_000,
    requestTimeoutMs: 30_000,
    lingerMs: 0,
    clientId: 'ottla',
    compression: 'none',
  })
  t.strictSame(warnings, [])
})

t.test('options that would be passed over are refused, at every depth', async (t) => {
  const refuse = (given: Given, message: RegExp): void => {
    t.throws(() => resolve(given), { name: 'ConfigError', message })
  }
  for (const it of [new Map(), new Date(), []]) {
    refuse({ tls: it }, /^option tls/)
    refuse({ serializers: it }, /^option serializers: give a plain object, no/)
    refuse({ apiVersions: it }, /^option apiVersions: give a plain object, no/)
    refuse({ compression: it }, /^option compression: give a plain object, no/)
    t.throws(() => new Producer({ brokers: 'a:1', sasl: it } as never), { name: 'ConfigError', message: /^option sasl/ })
  }
  refuse({ tls: Object.create({ ca: 'x' }) }, /^option tls: ca comes from a prototype/)
  refuse({ serializers: Object.create({ key: () => null }) }, /^option serializers: key comes/)
  refuse({ apiVersions: Object.create({ Produce: 9 }) }, /^option apiVersions: Produce comes/)
  const sasl: unknown = Object.create({ mechanism: 'PLAIN', username: 'u', password: 'p' })
  t.throws(() => new Producer({ brokers: 'a:1', sasl } as never), { message: /^option sasl: mechanism comes/ })

  class Getters {
    get brokers(): string {
      return 'a:1'
    }
  }
  t.throws(() => new Producer(new Getters()), { name: 'ConfigError', message: /^a producer's options: brokers comes from/ })
  class Fields {
    readonly brokers = 'a:1'
    readonly acks = 1
  }
  t.equal(resolveOptions(new Fields(), () => {}).acks, 1)
}) // prettier-ignore

t.test('a list of brokers that holds a password shows none of it', async (t) => {
  for (const brokers of ['a:1,kafka://u:SEK,RET@b:1', ['a:1', 'u:SEKRET@b:1']]) {
    t.throws(() => resolve({ brokers }), {
      message: /^option brokers has the address "\*\*\*@b:1"/,
    })
  }
  t.throws(() => resolve({ brokers: 'a:1,' }), { message: /an empty address: leave out the comma/ })
})

t.test('texts that say what is amiss', async (t) => {
  for (const [given, message] of [
    [{ compression: { codec: 'auto' } }, /codec 'auto', which has no level: give 'auto' alone/],
    [{ tls: { rejectUnauthorised: false } }, /did you mean tls\.rejectUnauthorized\?/],
    [{ tls: { constructor: 1 } }, /unknown option tls\.constructor: those of tls are/],
    [{ tls: { servername: 'a\0b' } }, /^option tls\.servername is a host with characters/],
    [{ tls: { servername: 'a'.repeat(70_000) } }, /^option tls\.servername is a host of 70000 char/],
    [{ deliveryTimeoutMs: 10, lingerMs: 20 }, /\(10\) is not more than lingerMs \(20\): .* or lower lingerMs$/],
  ] as const) {
    t.throws(() => resolve(given), { name: 'ConfigError', message })
  }
  const level = { codec: 'gzip', level: '9' }
  t.throws(() => new Producer({ brokers: 'a:1', compression: level } as never), {
    message: /^compression level is of type string for 'gzip': use an integer from 1 to 9/,
  })
}) // prettier-ignore
