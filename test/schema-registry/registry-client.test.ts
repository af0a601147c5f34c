/**
 * The client of a schema registry: what it asks, what it keeps, and how each refusal reads.
 */
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { ConfigError, OttlaError, SerializationError } from '../../src/errors.js'
import {
  SchemaRegistry,
  SchemaRegistryError,
  type SchemaDefinition,
  type SchemaRegistryOptions,
} from '../../src/schema-registry/schema-registry.js'
import { FakeRegistry, type FakeRegistryOptions } from '../support/fake-registry.js'

const ORDER: SchemaDefinition = { schema: '{"type":"record","name":"Order","fields":[]}' }

interface Rig {
  readonly fake: FakeRegistry
  readonly registry: SchemaRegistry
}

async function rig(
  t: Test,
  options: Partial<SchemaRegistryOptions> = {},
  fakeOptions: FakeRegistryOptions = {},
): Promise<Rig> {
  const fake = await FakeRegistry.start(fakeOptions)
  const registry = new SchemaRegistry({ url: fake.url, retryBackoffMs: 0, ...options })
  t.teardown(async () => {
    await registry.close()
    await fake.close()
  })
  return { fake, registry }
}

t.test('registers, and finds again by every way', async (t) => {
  const { fake, registry } = await rig(t)
  const registered = await registry.register('orders-value', ORDER)
  t.match(registered, { id: 1, version: 1, subject: 'orders-value', schemaType: 'AVRO' })
  const { guid } = registered
  t.equal(guid, fake.guid('orders-value'))
  t.match(await registry.lookup('orders-value', ORDER), { id: 1, version: 1 })
  t.match(await registry.byId(1), { id: 1, schema: ORDER.schema, guid })
  t.match(await registry.byGuid(guid as string), { id: 1, schema: ORDER.schema, guid })
  t.match(await registry.latest('orders-value'), { id: 1, version: 1 })
  t.match(await registry.version('orders-value', 1), { id: 1, version: 1 })
  t.strictSame(await registry.subjects(), ['orders-value'])
  t.strictSame(await registry.versions('orders-value'), [1])
  t.equal(fake.connectionCount, 1, 'one connection for all')
  t.notOk(
    fake.asked.some((it) => /config|mode/.test(it)),
    "no subject's configuration is touched",
  )
})

t.test('asks with what was given: type, references, normalize', async (t) => {
  const { fake, registry } = await rig(t)
  const references = [{ name: 'common.proto', subject: 'common', version: 1 }]
  const schema = { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF', references } as const
  const it = await registry.register('a/b-value', schema, { normalize: true })
  t.strictSame(it.references, references)
  t.equal(fake.asked[0], 'POST /subjects/a%2Fb-value/versions?normalize=true')
  t.strictSame(fake.requests[0]?.body, schema)
  await registry.register('orders-value', { ...ORDER, schemaType: 'AVRO' })
  t.strictSame(fake.requests[1]?.body, { schema: ORDER.schema }, 'Avro is not named: old registries know no types')
  t.equal(fake.requests[1]?.headers['content-type'], 'application/vnd.schemaregistry.v1+json')
  await registry.byId(1, { subject: 'a/b-value', format: 'serialized' })
  t.equal(fake.asked[2], 'GET /schemas/ids/1?subject=a%2Fb-value&format=serialized')
}) // prettier-ignore

t.test('what never changes is asked for once, also by many at a time', async (t) => {
  const { fake, registry } = await rig(t)
  fake.add('orders-value', ORDER)
  await Promise.all(Array.from({ length: 50 }, () => registry.lookup('orders-value', { ...ORDER })))
  await registry.lookup('orders-value', ORDER)
  await Promise.all(Array.from({ length: 50 }, () => registry.byId(1)))
  await Promise.all(Array.from({ length: 50 }, () => registry.version('orders-value', 1)))
  t.equal(fake.requests.length, 3)
})

t.test('the caches are bounded', async (t) => {
  const { fake, registry } = await rig(t, { cacheSize: 2 })
  for (const schema of ['"int"', '"long"', '"string"']) fake.add('s', { schema })
  for (const id of [1, 2, 1, 3, 1, 2]) await registry.byId(id) // 2 was the least recently used
  t.strictSame(fake.asked.map((it) => it.slice(-1)), ['1', '2', '3', '2']) // prettier-ignore
  for (const subject of ['a', 'b', 'c']) {
    fake.add(subject, ORDER)
    await registry.latest(subject)
  }
})

t.test('a failure is not kept', async (t) => {
  const { fake, registry } = await rig(t)
  await t.rejects(registry.lookup('orders-value', ORDER), {
    name: 'SchemaRegistryError',
    errorCode: 40401,
  })
  fake.add('orders-value', ORDER)
  t.match(await registry.lookup('orders-value', ORDER), { id: 1 })
})

t.test('the latest is kept for its time, and asked anew after a register', async (t) => {
  const { fake, registry } = await rig(t)
  fake.add('s', { schema: '"int"' })
  t.equal((await registry.latest('s')).version, 1)
  fake.add('s', { schema: '"long"' })
  t.equal((await registry.latest('s')).version, 1, 'for a minute')
  await registry.register('s', { schema: '"string"' })
  t.equal((await registry.latest('s')).version, 3)
  const { registry: eager } = await rig(t, { url: fake.url, latestCacheMs: 0 })
  fake.add('s', { schema: '"bytes"' })
  t.equal((await eager.latest('s')).version, 4)
  fake.add('s', { schema: '"double"' })
  t.equal((await eager.latest('s')).version, 5)
})

t.test('compatibility, with the reasons', async (t) => {
  const { fake, registry } = await rig(t)
  await t.rejects(registry.isCompatible('orders-value', ORDER), { name: 'SchemaRegistryError', errorCode: 40401 })
  fake.add('orders-value', { schema: '"int"' })
  t.strictSame(await registry.isCompatible('orders-value', ORDER), { isCompatible: true, messages: [] })
  fake.compatibility = { isCompatible: false, messages: ['a field is missing'] }
  t.strictSame(await registry.isCompatible('orders-value', ORDER, 1), { isCompatible: false, messages: ['a field is missing'] })
  t.match(fake.asked.at(-1), '/versions/1?verbose=true')
  await t.rejects(registry.register('orders-value', ORDER), {
    status: 409,
    retriable: false,
    message: /register a schema under subject "orders-value".*a field is missing.*isCompatible/,
  })
}) // prettier-ignore

t.test('a context stands in front of subjects, and of ids', async (t) => {
  const { fake, registry } = await rig(t, { context: 'staging' })
  await registry.register('s', ORDER)
  t.equal(fake.asked[0], 'POST /subjects/%3A.staging%3As/versions')
  await registry.byId(1)
  t.equal(fake.asked[1], 'GET /schemas/ids/1?subject=%3A.staging%3A')
  t.strictSame(await registry.subjects(), [':.staging:s'])
  t.equal(
    (await registry.latest(':.staging:s')).id,
    1,
    'a subject that names its own stays as it is',
  )
  const { guid } = await registry.version('s', 1)
  t.equal((await registry.byGuid(guid as string)).id, 1)
})

t.test('an older registry gives no guid', async (t) => {
  const { registry } = await rig(t, {}, { bare: true })
  t.match(await registry.register('s', ORDER), { id: 1, guid: null, version: null, subject: 's', schema: ORDER.schema })
  t.match(await registry.lookup('s', ORDER), { id: 1, guid: null, version: 1 })
}) // prettier-ignore

t.test('every refusal says what, where and how to mend', async (t) => {
  const { fake, registry } = await rig(t, { retries: 0 })
  const cases = [
    [{ status: 401, body: '' }, /HTTP 401.*check auth/, false],
    [{ status: 403, errorCode: 40301, message: 'denied' }, /HTTP 403, error code 40301: denied.*lack the right/, false],
    [{ status: 404, body: '<html>', contentType: 'text/html; charset=utf-8' }, /HTTP 404 \(text\/html\).*path of url/, false],
    [{ status: 404, errorCode: 40403, message: 'Schema not found' }, /40403: Schema not found.*register: true/, false],
    [{ status: 409, errorCode: 40901, message: 'no' }, /40901: no.*isCompatible/, false],
    [{ status: 422, errorCode: 42201, message: 'bad\nschema' }, /42201: bad schema.*invalid/, false],
    [{ status: 429, body: '' }, /HTTP 429.*too many/, true],
    [{ status: 500, errorCode: 50001, message: 'store' }, /50001: store/, true],
    [{ status: 503, body: 'x'.repeat(100), contentType: 'text/plain' }, /HTTP 503 \(text\/plain\)/, true],
    [{ status: 301, headers: { location: 'https://other.example/x?token=1' } }, /redirect to https:\/\/other.example, which is not followed/, false],
    [{ status: 200, body: '<html>Log in</html>', contentType: 'text/html' }, /HTTP 200 \(text\/html\) that is no JSON.*proxy/, false],
    [{ status: 200, body: '' }, /nothing in it/, false],
    [{ status: 200, body: '[]' }, /answer is no object/, false],
    [{ status: 200, body: '{"schema":"x"}' }, /answer has no id/, false],
    [{ drop: 'before', times: 2 }, /no answer from the schema registry at http.*cannot be reached/, true],
    [{ drop: 'amid' }, /closed amid its answer/, true],
  ] as const
  for (const [fault, message, retriable] of cases) {
    fake.fail(fault)
    const error = await registry.lookup('orders-value', ORDER).catch((it: unknown) => it)
    t.ok(error instanceof SchemaRegistryError && error instanceof OttlaError)
    t.match(error, { name: 'SchemaRegistryError', code: 'ERR_OTTLA_SCHEMA_REGISTRY', message, retriable })
    t.match(error, { message: /look up a schema under subject "orders-value"|answer/ })
    t.notMatch((error as Error).message, /token=1/)
  }
}) // prettier-ignore

t.test('an answer that is too large is not read to its end', async (t) => {
  const { fake, registry } = await rig(t, { retries: 0 })
  fake.fail({ status: 200, body: 'x'.repeat(17 * 1024 * 1024) })
  await t.rejects(registry.byId(1), { message: /larger than 16777216 bytes/, retriable: false })
})

t.test('arguments and options that do not fit are refused', async (t) => {
  const { registry } = await rig(t)
  await t.rejects(registry.byId(-1), ConfigError)
  await t.rejects(registry.version('s', 0), ConfigError)
  await t.rejects(registry.latest(''), ConfigError)
  await t.rejects(registry.latest('..'), ConfigError)
  await t.rejects(registry.byGuid('../x'), ConfigError)
  await t.rejects(registry.isCompatible('s', ORDER, 'config' as never), ConfigError)
  await t.rejects(registry.register('s', {} as SchemaDefinition), ConfigError)
  const url = 'http://localhost:8081'
  const secure = 'https://localhost:8081'
  const wrong: [object, RegExp][] = [
    [{}, /option url/],
    [{ url: [] }, /option url/],
    [{ url: 'localhost:8081' }, /no URL with http/],
    [{ url: 'http://localhost/?a=b' }, /query/],
    [{ url, urls: [] }, /did you mean "url"/],
    [{ url, auth: { basic: { username: 'a:b', password: 'secret' } } }, /auth\.basic\.username/],
    [{ url, auth: {} }, /one of basic and bearer/],
    [{ url, auth: { bearer: 'se cret\n' } }, /auth\.bearer/],
    [{ url: 'http://u:secret@localhost', auth: { bearer: 'x' } }, /more than one way/],
    [{ url, headers: { 'x y': 'secret' } }, /option headers/],
    [{ url, headers: { x: 'secret\r\n' } }, /option headers: "x"/],
    [{ url, headers: new Map([['authorization', 'secret']]) }, /option headers: .*no Map/],
    [{ url: secure, tls: new Map([['ca', 'secret']]) }, /option tls of the registry: .*no Map/],
    [
      Object.assign(Object.create({ retries: 1 }) as object, { url }),
      /retries comes from a prototype/,
    ],
    [{ url: secure, tls: { cert: 'secret' } }, /tls\.cert is set without tls\.key/],
    [{ url: secure, tls: { key: 'secret' } }, /tls\.key is set without tls\.cert/],
    [{ url: secure, tls: { certs: 'secret' } }, /did you mean tls\.cert\?/],
    [{ url: secure, tls: { passphrase: 'secret' } }, /tls\.passphrase is set without/],
    [{ url: secure, tls: { ca: '/etc/secret.pem' } }, /tls\.ca has no certificate.*\{ path \}/],
    [{ url: secure, tls: { ca: [] } }, /tls\.ca is an empty array/],
    [{ url: secure, tls: { servername: '10.0.0.1' } }, /tls\.servername is an IP address/],
    [{ url: secure, tls: { checkServerIdentity: () => undefined } }, /those of tls are/],
    [{ url: secure, tls: true }, /option tls of the registry is a boolean/],
    [{ url: [secure, url], tls: {} }, /http:\/\/localhost:8081 is without TLS/],
    [{ url, context: ':.a:' }, /option context/],
    [{ url, retries: -1 }, /option retries/],
    [{ url, cacheSize: 0 }, /option cacheSize/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => new SchemaRegistry(options as SchemaRegistryOptions), { name: 'ConfigError', message }) // prettier-ignore
    try {
      new SchemaRegistry(options as SchemaRegistryOptions)
    } catch (error) {
      t.notMatch(inspect(error, { depth: 9 }), /secret/)
    }
  }
})

t.test('close ends what waits, and later calls are refused', async (t) => {
  const { fake, registry } = await rig(t)
  fake.fail({ silent: true })
  const waiting = registry.byId(1)
  while (fake.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await registry.close()
  await t.rejects(waiting, { message: /closed/, retriable: false })
  await t.rejects(registry.byId(1), { message: /this client of the schema registry is closed/ })
  await registry.close()
})

t.test('an error of another copy of the package is one of these', async (t) => {
  const copy = Object.create({ [Symbol.for('ottla.error')]: 'SchemaRegistryError' }) as object
  t.ok(copy instanceof SchemaRegistryError)
  t.notOk(new SerializationError('x') instanceof SchemaRegistryError)
})
