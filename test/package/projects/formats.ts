/**
 * `ottla/avro` and `ottla/json-schema` with the libraries that they stand on: bare Avro and JSON that
 * zod and ajv have checked; as an ES module, as CommonJS, and compiled against their types.
 */
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const COMPILER = { module: 'node16', target: 'ES2022', strict: true, skipLibCheck: true }

const PRINTED = /^0009, \{"total":9,"currency":"EUR"\}, \{"total":9\}; 3 refused$/m

const BODY = `
async function main() {
  const schema = {
    type: 'record',
    name: 'Order',
    fields: [{ name: 'lines', type: { type: 'array', items: 'int' } }, { name: 'total', type: 'long' }],
  }
  const validate = new Ajv().compile({ type: 'object', properties: { total: { type: 'integer' } } })
  const order = z.object({ total: z.int(), currency: z.string().default('EUR') })
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const send = async (serializer, good, wrong) => {
    const producer = new Producer({ brokers: cluster.bootstrap, serializers: { value: serializer } })
    await producer.send({ topic: 'orders', value: good })
    const error = await producer.send({ topic: 'orders', value: wrong }).catch((it) => it)
    await producer.close()
    return error instanceof SerializationError ? 1 : 0
  }
  const refused =
    (await send(avro(schema), { lines: [], total: -5n }, { lines: [], total: 1.5 })) +
    (await send(validatedJson(order), { total: 9 }, { total: 'x' })) +
    (await send(validatedJson(validate), { total: 9 }, { total: 'x' }))
  const [bytes, ...texts] = cluster.records('orders').map(({ value }) => value)
  await cluster.close()
  return [bytes?.toString('hex'), ...texts.map(String)].join(', ') + \`; \${refused} refused\`
}
`
/** The same for a compiler: the producer's types are the schemas'. */
const TYPED = BODY.replace(
  'async (serializer, good, wrong) =>',
  'async <T,>(serializer: Serializer<T>, good: T, wrong: unknown) =>',
).replace('value: wrong }).catch((it) => it)', 'value: wrong as T }).catch((it: unknown) => it)')

const RUN = `main().then((text) => console.log(text))\n`

const MODULES: readonly (readonly [names: string, module: string])[] = [
  ['Producer, SerializationError', 'ottla'],
  ['avro', 'ottla/avro'],
  ['validatedJson', 'ottla/json-schema'],
  ['TestCluster', 'ottla/testing'],
  ['Ajv', 'ajv'],
  ['z', 'zod'],
]

const IMPORTS = MODULES.map(([names, from]) => `import { ${names} } from '${from}'\n`).join('')
const REQUIRES = MODULES.map(([names, from]) => `const { ${names} } = require('${from}')\n`).join(
  '',
)
const TYPES = `import type { Serializer } from 'ottla'\n`

async function tryIt(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('formats', {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'send.mjs': IMPORTS + BODY + RUN,
    'send.cjs': REQUIRES + BODY + RUN,
    'typed.cts': IMPORTS + TYPES + TYPED + RUN,
    'typed.mts': IMPORTS + TYPES + TYPED + RUN,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { ...COMPILER, types: ['node'], outDir: 'out', rootDir: '.' },
      files: ['typed.cts', 'typed.mts'],
    }),
  })
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const program of ['send.mjs', 'send.cjs', 'out/typed.mjs', 'out/typed.cjs']) {
    await workshop.expect(PRINTED, { cwd, args: [program] })
  }
}

export const FORMAT_PROJECTS: readonly Project[] = [
  {
    group: 'Formats',
    name: 'Avro with avsc, JSON with zod and ajv',
    isInSubset: true,
    try: tryIt,
  },
]
