/**
 * The latest version of a subject, as serializers follow it: when the registry fails amid a new one,
 * and when a client has more subjects than it keeps.
 */
import t, { type Test } from 'tap'
import { LatestSchema } from '../../src/schema-registry/latest-schema.js'
import {
  registrySerializer,
  SchemaRegistry,
  type RegisteredSchema,
  type RegistrySerializerOptions,
  type SchemaFormat,
  type SchemaRegistryOptions,
} from '../../src/schema-registry/schema-registry.js'
import { FakeRegistry } from '../support/fake-registry.js'
import { ManualClock } from '../support/manual-clock.js'

/** Values are text; an encoder needs what its schema refers to. */
const FORMAT: SchemaFormat<string> = {
  schemaType: 'AVRO',
  definitionOf: () => null,
  recordNameOf: () => null,
  encoder: async ({ references = [] }, resolve) => {
    for (const reference of references) await resolve(reference)
    return { encode: (value, prefixLength) => Buffer.concat([Buffer.alloc(prefixLength), Buffer.from(value)]) } // prettier-ignore
  },
}

interface Rig {
  readonly fake: FakeRegistry
  readonly registry: SchemaRegistry
  readonly clock: ManualClock
  /** The id that a record of a topic is written with. */
  readonly idOf: (topic: string) => Promise<number>
}

async function rig(
  t: Test,
  options: Partial<SchemaRegistryOptions> = {},
  subject: RegistrySerializerOptions['subject'] = 'topic',
): Promise<Rig> {
  const fake = await FakeRegistry.start()
  const clock = new ManualClock()
  const given = { url: fake.url, retries: 0, ...options }
  const registry = new SchemaRegistry(given, { clock, random: () => 0 })
  t.teardown(async () => {
    await registry.close()
    await fake.close()
  })
  const serialize = registrySerializer(FORMAT, { registry, useLatest: true, subject })
  const rest = { part: 'value', headers: undefined, setHeader: () => {} } as const
  const idOf = async (topic: string): Promise<number> =>
    Buffer.from((await serialize('x', { topic, ...rest })) as Uint8Array).readInt32BE(1)
  return { fake, registry, clock, idOf }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a new version whose reference cannot be had for now is none yet', async (t) => {
  const { fake, clock, idOf } = await rig(t)
  const one = fake.add('orders-value', { schema: '"one"' })
  t.equal(await idOf('orders'), one)
  fake.add('common', { schema: '"common"' })
  const references = [{ name: 'Common', subject: 'common', version: 1 }]
  const two = fake.add('orders-value', { schema: '"two"', references })
  fake.fail({ status: 503, on: /common/ })
  clock.advance(60_000)
  t.equal(await idOf('orders'), one)
  await until(() => fake.asked.at(-1) === 'GET /subjects/common/versions/1')
  await clock.settle()
  t.equal(await idOf('orders'), one, 'records go on with the old one')
  clock.advance(60_000)
  await until(async () => (await idOf('orders')) === two)
})

t.test('a new version whose reference is not there is an error', async (t) => {
  const { fake, clock, idOf } = await rig(t)
  fake.add('orders-value', { schema: '"one"' })
  await idOf('orders')
  const references = [{ name: 'Common', subject: 'common', version: 1 }]
  fake.add('orders-value', { schema: '"two"', references })
  clock.advance(60_000)
  await until(() => idOf('orders').then(() => false, () => true)) // prettier-ignore
  await t.rejects(idOf('orders'), { name: 'SchemaRegistryError', errorCode: 40401 })
})

t.test('more subjects than the client keeps: each is asked for again in its time', async (t) => {
  const { fake, registry, clock, idOf } = await rig(t, { cacheSize: 2 })
  const topics = ['a', 'b', 'c']
  for (const topic of topics) fake.add(`${topic}-value`, { schema: `"${topic} one"` })
  for (const topic of topics) await idOf(topic)
  t.equal(clock.timerCount, 2, 'no timer of one that was let go')
  const newest = topics.map((topic) => fake.add(`${topic}-value`, { schema: `"${topic} two"` }))
  const ids = (): Promise<number[]> => Promise.all(topics.map(idOf))
  await ids()
  t.equal(fake.requests.length, 3, 'not asked for before its time')
  clock.advance(60_000)
  await until(async () => String(await ids()) === String(newest))
  t.equal(fake.requests.length, 6)
  fake.fail({ status: 503, times: 99 })
  clock.advance(60_000)
  await ids()
  await until(() => fake.requests.length === 9)
  await clock.settle()
  t.strictSame(await ids(), newest, 'the registry is away: the last one known')
  t.equal(fake.requests.length, 9, 'and is not asked for each record')
  await registry.close()
  clock.advance(60_000)
  t.strictSame(await ids(), newest)
  await clock.settle()
  t.strictSame(await ids(), newest)
  t.equal(clock.timerCount, 0)
})

t.test('several topics of one subject: each takes the new version, whoever asked', async (t) => {
  const { fake, clock, idOf } = await rig(t, {}, () => 'shop.Order')
  const topics = ['a', 'b', 'c']
  const ids = (): Promise<number[]> => Promise.all(topics.map(idOf))
  const one = fake.add('shop.Order', { schema: '"one"' })
  t.strictSame(await ids(), [one, one, one])
  const two = fake.add('shop.Order', { schema: '"two"' })
  clock.advance(60_000)
  await until(async () => (await idOf('a')) === two)
  await idOf('b')
  await clock.settle()
  t.equal(await idOf('b'), two, 'the first to ask asks for all')
  const rule = { name: 'encryptCard', kind: 'TRANSFORM', mode: 'WRITEREAD', type: 'ENCRYPT' }
  fake.add('shop.Order', { schema: '"three"', ruleSet: { domainRules: [rule] } })
  clock.advance(60_000)
  await until(() => idOf('a').then(() => false, () => true)) // prettier-ignore
  await idOf('c') // had not looked at the second one yet
  await clock.settle()
  await t.rejects(idOf('c'), { message: /rule "encryptCard" of type ENCRYPT/ })
  t.equal(fake.requests.length, 3)
})

t.test('a reference that could not be had: every topic looks again, whoever asked', async (t) => {
  const { fake, clock, idOf } = await rig(t, {}, () => 'shop.Order')
  fake.add('shop.Order', { schema: '"one"' })
  await Promise.all(['a', 'b'].map(idOf))
  fake.add('common', { schema: '"common"' })
  const references = [{ name: 'Common', subject: 'common', version: 1 }]
  const two = fake.add('shop.Order', { schema: '"two"', references })
  fake.fail({ status: 503, on: /common/, times: Infinity })
  clock.advance(60_000)
  for (let i = 0; i < 9; i++) {
    await Promise.all(['a', 'b'].map(idOf))
    await until(() => fake.asked.at(-1) === 'GET /subjects/common/versions/1')
    await clock.settle()
  }
  t.ok(fake.requests.length <= 4, 'and not for each record')
  fake.heal()
  clock.advance(60_000)
  await until(async () => (await idOf('a')) === two)
  await until(async () => (await idOf('b')) === two)
})

t.test(
  'an answer that was asked for before a version was registered counts for nothing',
  async (t) => {
    const one = { schema: '"one"', id: 1, guid: null, subject: 'orders-value', version: 1 }
    const two = { ...one, schema: '"two"', id: 2, version: 2 }
    const asked: { resolve: (schema: RegisteredSchema) => void; reject: (why: Error) => void }[] =
      []
    const fetch = (): Promise<RegisteredSchema> =>
      new Promise((resolve, reject) => void asked.push({ resolve, reject }))
    const latest = new LatestSchema(fetch, new ManualClock(), Infinity)
    const first = latest.get()
    latest.drop()
    asked[0]?.resolve(one)
    await until(() => asked.length === 2)
    asked[1]?.resolve(two)
    t.equal((await first).id, 2)
    latest.drop()
    const background = latest.refreshed()
    latest.drop()
    asked[2]?.reject(new Error('away'))
    await until(() => asked.length === 4)
    asked[3]?.reject(new Error('away'))
    t.equal((await background).id, 2, 'the registry is away: the last one known')
    t.equal(latest.isStale, false)
  },
)
