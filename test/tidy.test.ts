/**
 * The house rules as a test (CONTRIBUTING.md lists them): what reading the sources can tell. The
 * linter holds the same direction of imports; here it is read afresh, from one table for all rooms,
 * so that a rule switched off by mistake shows.
 *
 * Neighbours: eslint.config.js holds what needs types.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import t from 'tap'
import { projectFile } from './broker/project.js'

const MAX_LINES = 500
// The entries of package.json's exports.
const PUBLIC_DOORS = [
  ...['src/index.ts', 'src/testing/cluster.ts', 'src/schema-registry/schema-registry.ts'],
  ...['src/avro/avro.ts', 'src/json-schema/json-schema.ts', 'src/protobuf/protobuf.ts'],
  ...['src/prometheus/prometheus.ts', 'src/opentelemetry/opentelemetry.ts'],
]

/** What a file of each room may import besides its own room; a room not named here is not allowed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': ['assert.ts', 'record-metadata.ts', 'thrown.ts'],
  'record-metadata.ts': [],
  'assert.ts': [],
  'clock.ts': [],
  'closing.ts': [],
  'home-context.ts': [],
  'loop-clock.ts': ['clock.ts'],
  'system-clock.ts': ['clock.ts', 'home-context.ts', 'loop-clock.ts'],
  'globals.ts': [],
  'logger.ts': ['errors.ts', 'assert.ts', 'clock.ts', 'promised.ts'],
  'version.ts': [],
  'optional-package.ts': [],
  'secret.ts': [],
  'nearest.ts': [],
  'host-fault.ts': [],
  'late-modules.ts': [],
  'abort-signals.ts': [],
  'any-bytes.ts': [],
  'promised.ts': [],
  'plain-options.ts': ['errors.ts', 'assert.ts'],
  'thrown.ts': [],
  compression: ['errors.ts', 'assert.ts', 'optional-package.ts'],
  serialization: ['any-bytes.ts', 'errors.ts', 'assert.ts', 'thrown.ts'],
  protocol: ['errors.ts', 'assert.ts', 'optional-package.ts'],
  tls: [
    'errors.ts',
    'nearest.ts',
    'any-bytes.ts',
    'plain-options.ts',
    'host-fault.ts',
    'late-modules.ts',
  ],
  network: [
    ...['tls', 'host-fault.ts', 'late-modules.ts'],
    ...['protocol', 'errors.ts', 'assert.ts', 'clock.ts', 'globals.ts', 'logger.ts', 'version.ts'],
    ...['optional-package.ts', 'secret.ts', 'nearest.ts', 'promised.ts', 'system-clock.ts'],
    ...['plain-options.ts', 'thrown.ts', 'any-bytes.ts', 'home-context.ts'],
  ],
  producer: [
    ...['tls', 'network', 'protocol', 'compression', 'serialization'],
    ...['errors.ts', 'assert.ts', 'clock.ts', 'globals.ts', 'logger.ts', 'version.ts', 'secret.ts'],
    ...['nearest.ts', 'system-clock.ts', 'plain-options.ts', 'thrown.ts', 'record-metadata.ts'],
    ...['closing.ts', 'promised.ts', 'abort-signals.ts', 'any-bytes.ts', 'home-context.ts'],
  ],
  'index.ts': [
    ...['tls', 'producer', 'network', 'protocol', 'compression', 'serialization'],
    ...['errors.ts', 'assert.ts', 'clock.ts', 'globals.ts', 'logger.ts', 'version.ts'],
    ...['record-metadata.ts'],
  ],
  // Subpaths of the package: what their users have beside a producer, which knows none of them.
  'schema-registry': [
    ...['serialization', 'any-bytes.ts', 'errors.ts', 'assert.ts', 'nearest.ts', 'secret.ts'],
    ...['tls', 'clock.ts', 'system-clock.ts', 'globals.ts', 'plain-options.ts', 'thrown.ts'],
  ],
  avro: ['schema-registry', 'serialization', 'any-bytes.ts', 'errors.ts', 'assert.ts', 'thrown.ts'],
  'json-schema': ['schema-registry', 'serialization', 'errors.ts', 'assert.ts', 'thrown.ts'],
  protobuf: [
    'schema-registry',
    'serialization',
    'any-bytes.ts',
    'errors.ts',
    'assert.ts',
    'thrown.ts',
  ],
  prometheus: ['producer', 'errors.ts', 'plain-options.ts'],
  opentelemetry: [
    ...['producer', 'serialization', 'errors.ts', 'version.ts', 'clock.ts', 'system-clock.ts'],
    ...['record-metadata.ts', 'plain-options.ts', 'any-bytes.ts'],
  ],
  // These two use everything below them, and are used by nobody.
  testing: ['producer', 'network', 'protocol', 'compression', 'serialization', '*.ts'],
  cli: ['producer', 'network', 'protocol', 'compression', 'serialization', 'testing', '*.ts'],
}

/** Which of its siblings each folder of the producer may import, types included (ARCHITECTURE.md). */
const ALLOWED_IN_PRODUCER: Readonly<Record<string, readonly string[]>> = {
  intake: ['records', 'partitioning', 'waiting', 'batching', 'options'],
  records: ['partitioning', 'batching', 'options'],
  waiting: ['records', 'partitioning', 'batching'],
  partitioning: ['batching', 'queueing', 'records', 'waiting', 'completing'],
  batching: ['queueing', 'sequencing', 'records'],
  queueing: ['sequencing', 'pacing', 'batching'],
  sending: ['queueing', 'sequencing', 'pacing', 'preparing', 'batching', 'options'],
  preparing: ['batching', 'queueing', 'sending'],
  sequencing: ['batching', 'completing'],
  completing: ['batching', 'sending', 'sequencing', 'pacing'],
  options: ['records', 'partitioning', 'preparing', 'intercepting'],
  coordinating: ['sequencing', 'pacing', 'records'],
  transactions: ['coordinating', 'sequencing', 'completing', 'pacing'],
  transactional: [
    ...['transactions', 'coordinating', 'intake', 'records', 'options', 'batching', 'streams'],
    // It is a producer around one.
    ...['producer.ts', 'pipeline.ts', 'environment.ts', 'metrics.ts', 'health.ts'],
  ],
  intercepting: ['records', 'batching', 'diagnostics'],
  diagnostics: ['intercepting', 'records', 'batching', 'sending'],
  streams: ['intake', 'records', 'batching'], // over any producer, or transaction
  observing: ['batching', 'sending', 'metrics.ts'],
  telemetry: ['metrics.ts'],
  pacing: [],
  collections: [],
}
/** These know nothing of a producer, or are a port of all of it. */
const FOR_ALL_IN_PRODUCER = ['collections', 'observer.ts']

/**
 * Circles that are known, each as its files. A topic has lines of the records that wait for it, and a
 * record knows its topic: types of one noun. Nothing may be added.
 */
const KNOWN_CIRCLES: readonly (readonly string[])[] = [
  [
    'src/producer/partitioning/topic.ts',
    'src/producer/records/prepared-record.ts',
    'src/producer/waiting/group-rest.ts',
    'src/producer/waiting/parked-record.ts',
  ],
]

interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

function sourcesOf(folder: string): Source[] {
  return readdirSync(projectFile(folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts') && !path.includes('/node_modules/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(projectFile(path), 'utf8') }))
}

const src = sourcesOf('src')
const all = [...src, ...['test', 'bench', 'examples'].flatMap(sourcesOf)]
const others = all.filter(({ path }) => path !== 'test/tidy.test.ts') // which names what it seeks

/** The files of the project that a source imports, types and dynamic imports included. */
function importsOf({ path, text }: Source): string[] {
  const specifiers = text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return Array.from(specifiers, ([, specifier = '']) =>
    posix.join(dirname(path), specifier).replace(/\.js$/, '.ts'),
  )
}

/** The room of a file in src/: its folder, or the file itself at the root. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function mayImport(room: string, target: string): boolean {
  const allowed = ALLOWED[room] ?? []
  return (
    room === target ||
    allowed.includes(target) ||
    (target.endsWith('.ts') && allowed.includes('*.ts'))
  )
}

/** Each set of files that can reach one another, in the order of their names. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const reached = new Map([...imports.keys()].map((path) => [path, reach(path, imports)]))
  const circleOf = (path: string): string[] =>
    [...(reached.get(path) ?? [])].filter((other) => reached.get(other)?.has(path)).sort()
  const circles = [...imports.keys()].map(circleOf).filter(({ length }) => length > 0)
  return [...new Map(circles.map((circle) => [circle.join(), circle])).values()]
}

/** All that a file imports, and what that imports, and so on; itself where it is in a circle. */
function reach(path: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>()
  const queue = [...(imports.get(path) ?? [])]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached.has(next)) continue
    reached.add(next)
    queue.push(...(imports.get(next) ?? []))
  }
  return reached
}

function breaches(sources: readonly Source[], isBreach: (source: Source) => boolean): string[] {
  return sources.filter(isBreach).map(({ path }) => path)
}

t.test('imports go one way', async (t) => {
  const wrong = src.flatMap((source) =>
    importsOf(source)
      .filter(
        (target) => !target.startsWith('src/') || !mayImport(roomOf(source.path), roomOf(target)),
      )
      .map((target) => `${source.path} imports ${target}`),
  )
  t.strictSame(wrong, [])
  t.ok(src.flatMap(importsOf).length > src.length, 'the imports are found at all')
})

t.test("the producer's folders import only the siblings that ARCHITECTURE.md names", async (t) => {
  const folderOf = (path: string): string => path.split('/')[2] ?? ''
  const inFolders = src.filter(({ path }) => /^src\/producer\/.+\//.test(path))
  const wrong = inFolders.flatMap((source) => {
    const folder = folderOf(source.path)
    const allowed = [folder, ...FOR_ALL_IN_PRODUCER, ...(ALLOWED_IN_PRODUCER[folder] ?? [])]
    return importsOf(source)
      .filter((path) => path.startsWith('src/producer/') && !allowed.includes(folderOf(path)))
      .map((path) => `${source.path} imports ${path}`)
  })
  t.strictSame(wrong, [])
  t.ok(inFolders.length > 50, 'the folders are found at all')
})

t.test("none of the producer's folders has more than a dozen files", async (t) => {
  const counts = new Map<string, number>()
  for (const { path } of src.filter(({ path }) => path.startsWith('src/producer/'))) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  }
  t.strictSame([...counts].filter(([, count]) => count > 12), []) // prettier-ignore
})

t.test('no files of src import one another in a circle, not even for a type', async (t) => {
  const imports = new Map(src.map((source) => [source.path, importsOf(source)]))
  t.strictSame(circlesOf(imports), KNOWN_CIRCLES)
})

t.test('a circle is found, whoever else leads into it', async (t) => {
  const imports = { a: ['b'], b: ['c', 'd'], c: ['b'], d: ['e'], e: [], f: ['f'] }
  t.strictSame(circlesOf(new Map(Object.entries(imports))), [['b', 'c'], ['f']])
})

t.test('every room of src has its line in the table of imports', async (t) => {
  const rooms = new Set(src.map(({ path }) => roomOf(path)))
  t.strictSame([...rooms].filter((room) => !Object.hasOwn(ALLOWED, room)), []) // prettier-ignore
})

t.test('only the public doors re-export values', async (t) => {
  const reExport = /^export (?!type\b)[^=;(]*\bfrom '/m
  const isBarrel = ({ path, text }: Source): boolean =>
    !PUBLIC_DOORS.includes(path) && (path.endsWith('/index.ts') || reExport.test(text))
  t.strictSame(breaches(src, isBarrel), [])
})

t.test('every file of src opens with a docblock', async (t) => {
  t.strictSame(breaches(src, ({ text }) => !/^(#!.*\n)?\/\*\*\n \* \S/.test(text)), []) // prettier-ignore
})

t.test(`no file is longer than ${MAX_LINES} lines`, async (t) => {
  t.strictSame(breaches(all, ({ text }) => text.split('\n').length - 1 > MAX_LINES), []) // prettier-ignore
})

t.test('nothing is left for later in a comment', async (t) => {
  t.strictSame(breaches(others, ({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text)), []) // prettier-ignore
})

t.test('a rule is switched off only with its reason', async (t) => {
  const switchedOff = /(?:eslint-disable|@ts-ignore|@ts-expect-error|@ts-nocheck).*/g
  const bare = others.flatMap(({ path, text }) =>
    Array.from(text.matchAll(switchedOff), ([line]) => line)
      .filter((line) => !/ -- \S/.test(line))
      .map((line) => `${path}: ${line}`),
  )
  t.strictSame(bare, [])
})

t.test('no module waits while it loads, so that CommonJS can require it', async (t) => {
  const topLevelAwait = /^(?:await|for await)\b|^(?:export )?(?:const|let) [^\n]*= await\b/m
  t.strictSame(breaches(src, ({ text }) => topLevelAwait.test(text)), []) // prettier-ignore
})

t.test('the version that brokers see is that of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    version: string
  }
  t.match(readFileSync(projectFile('src/version.ts'), 'utf8'), `VERSION = '${version}'`)
})
