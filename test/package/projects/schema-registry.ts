/**
 * `ottla/schema-registry` from the tarball: a serializer with a registry within the program, as an ES
 * module and as CommonJS, and compiled in a project that has no @types/node. The classes of errors are
 * the same through both entries.
 */
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const PRINTED = /^000000000761; 404 SchemaRegistryError true; 7$/m

/** Answers the look-up under one subject with id 7. */
const REGISTRY = `
const server = createServer((request, response) => {
  request.resume()
  const isKnown = request.url === '/subjects/orders-value'
  response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' })
  const schema = { subject: 'orders-value', version: 1, id: 7, schema: '"string"' }
  response.end(JSON.stringify(isKnown ? schema : { error_code: 40401, message: 'Subject not found' }))
})
`

const BODY = `
const definition = { schema: '"string"' }
const format = {
  schemaType: 'AVRO',
  definitionOf: () => definition,
  recordNameOf: () => null,
  encoder: async () => ({
    encode: (value, prefixLength) => {
      const bytes = new Uint8Array(prefixLength + value.length)
      for (let i = 0; i < value.length; i++) bytes[prefixLength + i] = value.charCodeAt(i)
      return bytes
    },
  }),
}

async function main(url) {
  const registry = new SchemaRegistry({ url })
  const serializer = registrySerializer(format, { registry })
  await serializer.prepare('orders')
  const cluster = await TestCluster.start({ topics: { orders: {}, others: {} } })
  const producer = new Producer({ brokers: cluster.bootstrap, serializers: { value: serializer } })
  await producer.send({ topic: 'orders', value: 'a' })
  const error = await producer.send({ topic: 'others', value: 'a' }).catch((it) => it)
  await producer.close()
  const { cause } = error
  const [record] = cluster.records('orders')
  const { id } = await registry.lookup('orders-value', definition)
  await registry.close()
  await cluster.close()
  const isOurs = error instanceof SerializationError && cause instanceof SchemaRegistryError && cause instanceof OttlaError
  return [record.value.toString('hex'), \`\${cause.status} \${cause.name} \${isOurs}\`, id].join('; ')
}
`

const RUN = `
server.listen(0, '127.0.0.1', () => {
  main(\`http://127.0.0.1:\${server.address().port}\`)
    .then((text) => console.log(text))
    .finally(() => server.close())
})
`

const MODULES: readonly (readonly [names: string, module: string])[] = [
  ['createServer', 'node:http'],
  ['OttlaError, Producer, SerializationError', 'ottla'],
  ['registrySerializer, SchemaRegistry, SchemaRegistryError', 'ottla/schema-registry'],
  ['TestCluster', 'ottla/testing'],
]

const IMPORTS = MODULES.map(([names, from]) => `import { ${names} } from '${from}'\n`).join('')
const REQUIRES = MODULES.map(([names, from]) => `const { ${names} } = require('${from}')\n`).join(
  '',
)

/** Types alone, checked to the last declaration. */
const TYPED = `
import { Producer } from 'ottla'
import { registrySerializer, SchemaRegistry, type SchemaFormat, type SchemaSerializer } from 'ottla/schema-registry'
declare const format: SchemaFormat<{ total: number }>
const registry = new SchemaRegistry({ url: 'http://localhost:8081' })
export const value: SchemaSerializer<{ total: number }> = registrySerializer(format, { registry, framing: 'guid-header' })
export const producer = new Producer({ brokers: 'localhost:9092', serializers: { value } })
export const sent = producer.send({ topic: 'orders', value: { total: 9 } })
`

const COMPILER = { module: 'node16', target: 'ES2022', strict: true, noEmit: true, types: [] }

async function tryIt(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('schema-registry', {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'send.mjs': IMPORTS + REGISTRY + BODY + RUN,
    'send.cjs': REQUIRES + REGISTRY + BODY + RUN,
    'typed.cts': TYPED,
    'typed.mts': TYPED,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { ...COMPILER, lib: ['ES2022'], skipLibCheck: false },
      files: ['typed.cts', 'typed.mts'],
    }),
  })
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const program of ['send.mjs', 'send.cjs']) {
    await workshop.expect(PRINTED, { cwd, args: [program] })
  }
}

export const SCHEMA_REGISTRY_PROJECTS: readonly Project[] = [
  {
    group: 'schemas and registries',
    name: 'ottla/schema-registry, as import and require',
    isInSubset: true,
    try: tryIt,
  },
]
