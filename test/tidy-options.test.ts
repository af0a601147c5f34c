/**
 * What a user may leave out he may also give as undefined: `{ clientId: config.clientId }` compiles under
 * exactOptionalPropertyTypes, in every type that he fills.
 *
 * Neighbours: tidy.test.ts has the other house rules.
 */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { projectFile } from './broker/project.js'

/** Names of types that users fill; those of errors are filled by Ottla. */
const FILLED = /(Options|Option|Definition|Scope|Metadata|Source|HasMetrics|ProducerRecord)$/
const NOT_FILLED = /(ErrorOptions|^RecordMetadata|^PlainRecordMetadata|^TopicMetadata)$/

const texts = readdirSync(projectFile('src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(projectFile(`src/${path}`), 'utf8'))

interface Shape {
  readonly name: string
  readonly bases: readonly string[]
  readonly body: string
}

const shapes = texts.flatMap((text): Shape[] =>
  [...text.matchAll(/^export interface (\w+)([\s\S]*?) \{\n([\s\S]*?)^\}/gm)].map(
    ([, name = '', head = '', body = '']) => ({ name, bases: head.match(/\w+/g) ?? [], body }),
  ),
)

/** Exported by a door of the package, by name or as its own. */
function publicNames(): Set<string> {
  const { exports } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    exports: Record<string, { import?: { default?: string } }>
  }
  const doors = Object.values(exports).flatMap(({ import: { default: file } = {} }) => file ?? [])
  const names = doors.flatMap((door) => {
    const text = readFileSync(projectFile(door.replace('dist', 'src').replace(/js$/, 'ts')), 'utf8')
    const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    const own = [...text.matchAll(/^export interface (\w+)/gm)]
    return [...lists, ...own].flatMap(([, found = '']) => found.match(/\w+/g) ?? [])
  })
  return new Set(names)
}

/** Those, and what they extend. */
function filledShapes(): Shape[] {
  const names = publicNames()
  for (const name of names) {
    for (const shape of shapes) if (shape.name === name) shape.bases.forEach((it) => names.add(it))
  }
  return shapes.filter(({ name }) => names.has(name) && FILLED.test(name) && !NOT_FILLED.test(name))
}

const OPTIONAL =
  /^ {2}(?:readonly )?(\w+)\?:([\s\S]*?)(?=^ {2}(?:readonly|\/\*\*|\w+[?(<:])|$(?![\s\S]))/gm

t.test('what may be left out may be undefined', async (t) => {
  const filled = filledShapes()
  t.ok(filled.length > 25, 'they are found')
  const strict = filled.flatMap(({ name, body }) =>
    [...body.matchAll(OPTIONAL)]
      .filter(([, , type = '']) => !/\bundefined\)?\s*$/.test(type))
      .map(([, field]) => `${name}.${field}`),
  )
  t.strictSame(strict, [])
})
