/**
 * What users get: the files of the tarball, and that a project which has only them can import,
 * require and type-check the package.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import t from 'tap'
import { projectFile } from '../broker/project.js'
import { install, linkLibraries, pack, runFile, typeCheck } from './consumer.js'

t.setTimeout(300_000) // npm and tsc, several times

/** The package's own entries in `exports`: '.', './testing' and so on, without ./package.json. */
const { exports } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
  exports: Record<string, unknown>
}
const entries = Object.keys(exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace(/^\./, 'ottla'))

// Outside the project, or its node_modules would serve the consumer too.
const folder = await mkdtemp(join(tmpdir(), 'ottla-pack-'))
t.teardown(() => rm(folder, { recursive: true }))
const consumer = join(folder, 'consumer')
const packed = await pack(folder)
await install(consumer, join(folder, packed.filename))
await linkLibraries(consumer)
const paths = packed.files.map(({ path }) => path)

t.test('the tarball holds what users need and nothing else', async (t) => {
  const needed =
    /^(?:docs\/|dist\/|src\/|examples\/|testing\/package\.json$|(?:README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|LICENSE$|package\.json$)/
  t.strictSame(paths.filter((path) => !needed.test(path) || /^(?!examples).*\.test\.|\/test\//.test(path)), []) // prettier-ignore
})

for (const path of ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'dist/index.d.ts']) {
  t.test(`the tarball holds ${path}`, async (t) => {
    t.ok(paths.includes(path))
  })
}

t.test('a link of a page in the tarball leads to a file that is there, too', async (t) => {
  const links = paths.filter((path) => path.endsWith('.md')).flatMap((page) => {
    const text = readFileSync(join(consumer, 'node_modules', 'ottla', page), 'utf8')
    const found = text.replaceAll(/^```.*?^```/gms, '').matchAll(/\]\((?!\w+:|#)([^)#]+)/g)
    return Array.from(found, ([, link = '']) => `${page}: ${posix.join(posix.dirname(page), link)}`)
  })
  t.ok(links.length > 300, 'links are found at all')
  const isThere = (link: string): boolean => {
    const [, target = ''] = link.split(': ')
    return paths.some((path) => path === target || path.startsWith(`${target}/`))
  }
  t.strictSame(links.filter((link) => !isThere(link)), [])
}) // prettier-ignore

t.test('each form has its types, of the same files, and its code in few files with their maps', async (t) => {
  const below = (folder: string, ending: RegExp): string[] =>
    paths.filter((path) => path.startsWith(folder) && ending.test(path))
      .map((path) => path.slice(folder.length)).filter((path) => !path.startsWith('cjs/')) // prettier-ignore
  const types = below('dist/', /\.d\.ts$/)
  t.strictSame(below('dist/cjs/', /\.d\.ts$/), types)
  t.ok(types.includes('index.d.ts') && types.includes('testing/cluster.d.ts'))
  const modules = paths.filter((path) => /^dist\/.*\.js$/.test(path))
  t.strictSame(modules.filter((path) => !paths.includes(`${path}.map`)), [])
  // One for each entry and each that they share, of either form; as ES modules two entries share one more.
  t.ok(modules.length <= 2 * (entries.length + 2) + 1, `import takes time by the file: ${modules.join(', ')}`)
}) // prettier-ignore

t.test('the public types need no types of Node', async (t) => {
  const types = paths.filter((path) => path.endsWith('.d.ts'))
  const code = (path: string): string =>
    readFileSync(join(consumer, 'node_modules', 'ottla', path), 'utf8').replaceAll(
      /\/\*.*?\*\//gs,
      '',
    )
  t.strictSame(types.filter((path) => /\bBuffer\b|\bNodeJS\b|'node:/.test(code(path))), [])
}) // prettier-ignore

const PROGRAM = `
const producer = new Producer({ brokers: 'localhost:1' })
producer.close().then(() => console.log(Object.keys(all).includes('Producer'), 'closed'))
`

t.test('an ES module imports it', async (t) => {
  const source = `import * as all from 'ottla'\nimport { Producer } from 'ottla'\n${PROGRAM}`
  t.equal(await runFile(consumer, 'use.mjs', source), 'true closed')
})

t.test('a CommonJS module requires it', async (t) => {
  const source = `const all = require('ottla')\nconst { Producer } = all\n${PROGRAM}`
  t.equal(await runFile(consumer, 'use.cjs', source), 'true closed')
})

t.test('without the optional packages the checksum is the table of our own', async (t) => {
  const source = `console.log(require('ottla').crc32cImplementation)`
  t.equal(await runFile(consumer, 'crc.cjs', source), 'table')
})

t.test('what a program has of both forms recognises the errors of either', async (t) => {
  const source = `
import { createRequire } from 'node:module'
import * as imported from 'ottla'
const required = createRequire(import.meta.url)('ottla')
const { ClosedError } = required
console.log(required !== imported, new ClosedError('m') instanceof imported.DeliveryError)`
  t.equal(await runFile(consumer, 'both.mjs', source), 'true true')
})

t.test('metrics are counted in what users get, and can be stored as JSON', async (t) => {
  const source = `
import { Producer } from 'ottla'
import { TestCluster } from 'ottla/testing'
const cluster = await TestCluster.start({ topics: { orders: {} } })
const producer = new Producer({ brokers: cluster.bootstrap })
for (let i = 0; i < 3; i++) await producer.send({ topic: 'orders', value: 'a' })
const { topics, brokers, requestLatencyMs, connections } = JSON.parse(JSON.stringify(producer.metrics()))
const [broker] = Object.values(brokers)
console.log(topics.orders.recordsAcknowledged, broker.requestsSent, requestLatencyMs.count, connections.failed)
await producer.close()
await cluster.close()`
  t.equal(await runFile(consumer, 'metrics.mjs', source), '3 3 3 0')
})

t.test("'ottla/testing' is found by what knows no exports", async (t) => {
  const source = `console.log(typeof require('./node_modules/ottla/testing').TestCluster)`
  t.equal(await runFile(consumer, 'old.cjs', source), 'function')
})

for (const entry of entries) {
  t.test(`${entry} can be imported and required`, async (t) => {
    const print = `console.log(Object.keys(all).length > 0)`
    t.equal(await runFile(consumer, 'e.mjs', `import * as all from '${entry}'\n${print}`), 'true')
    t.equal(await runFile(consumer, 'e.cjs', `const all = require('${entry}')\n${print}`), 'true')
  })
}

const TYPED = `
const producer: ottla.Producer = new ottla.Producer({ brokers: 'localhost:1' })
const offset: Promise<bigint> = producer.send({ topic: 'a', value: 'b' }).then((meta) => meta.offset)
// @ts-expect-error -- the types are real ones, not any
producer.send({ topic: 1 })
function fates(error: unknown): unknown[] {
  if (!(error instanceof ottla.SendAllError)) return []
  return error.results.map((it): bigint | ottla.DeliveryOutcome => {
    // @ts-expect-error -- the metadata is no any
    if (it.status === 'fulfilled') it.value.nothing
    return it.status === 'fulfilled' ? it.value.offset : it.reason.outcome
  })
}
function spread(meta: ottla.RecordMetadata): unknown {
  const mock: ottla.RecordMetadata = { topic: 'a', partition: 0, offset: 1n, timestamp: 1 }
  // @ts-expect-error -- what is spread has no fields left
  return [mock, { ...meta }.offset]
}
const state = (it: ottla.Transaction): ottla.TransactionStateName => it.state
const serializers: ottla.Serializers<ottla.Serialized, unknown> = { key: undefined, value: ottla.json() }
export { offset, fates, spread, state, serializers }
`
const ALL_ENTRIES = entries.map((entry, i) => `export * as entry${i} from '${entry}'`).join('\n')

const consumers = [
  ['an ES module', 'types.mts', { module: 'nodenext' }, ALL_ENTRIES],
  ['a CommonJS module', 'types.cts', { module: 'nodenext' }, ALL_ENTRIES],
  // Its resolution knows no `exports`: package.json's `types` and `typesVersions` serve it.
  ['a CommonJS project of the old way', 'types.ts', { module: 'commonjs' }, ALL_ENTRIES],
] as const

for (const [name, file, options, more] of consumers) {
  t.test(`${name} has its types`, async (t) => {
    const source = `import * as ottla from 'ottla'\n${more}\n${TYPED}`
    t.equal(await typeCheck(consumer, file, source, options), '')
  })
}

const STREAMS = `
import { createReadStream } from 'node:fs'
import { pipeline as piped, Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { Producer, type RecordWriteStream } from 'ottla'
export async function streams(producer: Producer, lines: (chunks: AsyncIterable<string>) => AsyncIterable<string>) {
  await pipeline(createReadStream('x', 'utf8'), lines, producer.createWriteStream({ topic: 'orders' }))
  const stream: RecordWriteStream<string> = producer.createWriteStream({ toRecord: (value: string) => ({ topic: 'orders', value }) })
  piped(Readable.from(['a']), stream, (error) => console.log(error?.code))
  Readable.from([{ topic: 'orders', value: 'x' }]).pipe(producer.createWriteStream()).once('finish', () => {})
  await finished(stream)
  await Readable.toWeb(Readable.from(['a'])).pipeTo(producer.createWritableStream({ topic: 'orders' }))
  // @ts-expect-error -- a chunk is a record
  producer.createWriteStream().write({ topic: 1 })
}
`

for (const [file, module] of [
  ['streams.mts', 'nodenext'],
  ['streams.cts', 'nodenext'],
] as const) {
  t.test(`with @types/node its streams are what pipeline and pipe take: ${file}`, async (t) => {
    t.equal(await typeCheck(consumer, file, STREAMS, { module }), '')
  })
}
