/**
 * A function as AWS Lambda runs it: one file, bundled by esbuild's defaults for Node, in a zip. Its
 * size, and how long a fresh process takes to load it and to have its first record acknowledged by a
 * real Kafka; beside the same function with kafkajs and with @platformatic/kafka.
 *
 *   npm run bench:cold-start                 needs `zip` and `unzip`; 15 rounds, in turn
 *
 * Times are from the start of the process, so Node's own start is in them: the row `nothing`.
 * Neighbours: workshop.ts has the tools; ../broker/run.ts starts the Kafka around it.
 */
import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Table from 'cli-table3'
import { Producer } from '../../src/index.js'
import { givenKafka } from '../broker/given.js'
import { npm } from './consumer.js'
import { TOOL_LIST, Workshop, type Command } from './workshop.js'

const ROUNDS = 15
/** Of Lambda's runtimes the newest. */
const NODE = '24'
const TOPIC = 'cold-start'

const NOTHING = `export async function handler() {}\n`
const OTTLA = `import { Producer } from 'ottla'
const producer = new Producer({ brokers: process.env.BROKERS.split(',') })
export async function handler({ value }) {
  await producer.send({ topic: '${TOPIC}', value })
}
`
const KAFKAJS = `import { Kafka } from 'kafkajs'
const producer = new Kafka({ brokers: process.env.BROKERS.split(','), logLevel: 0 }).producer()
const connected = producer.connect()
export async function handler({ value }) {
  await connected
  await producer.send({ topic: '${TOPIC}', messages: [{ value }] })
}
`
const PLATFORMATIC = `import { Producer, stringSerializers } from '@platformatic/kafka'
const producer = new Producer({
  clientId: 'function', bootstrapBrokers: process.env.BROKERS.split(','), serializers: stringSerializers,
})
export async function handler({ value }) {
  await producer.send({ messages: [{ topic: '${TOPIC}', value }] })
}
`

/** What the platform does with the file. */
const RUNTIME = `
const { handler } = require('./' + process.argv[2] + '/index.js')
const loadedMs = performance.now()
handler({ value: 'x'.repeat(100) }).then(() => {
  console.log(JSON.stringify({ loadedMs, ackedMs: performance.now() }))
  process.exit()
})`

interface Times {
  readonly loadedMs: number
  readonly ackedMs: number
}

interface Subject {
  readonly name: string
  readonly source: string
  /** A package that stays outside the bundle and goes into the zip as npm installs it. */
  readonly installed?: string
}

const SUBJECTS: readonly Subject[] = [
  { name: 'nothing', source: NOTHING },
  { name: 'ottla', source: OTTLA },
  { name: 'kafkajs', source: KAFKAJS },
  { name: 'platformatic', source: PLATFORMATIC },
  // Its bundle by the defaults does not load (2.12): a file that it looks for is not there.
  { name: 'platformatic-installed', source: PLATFORMATIC, installed: '@platformatic/kafka' },
]

/** Bundles, packs and unpacks one function; the size of its zip. */
async function deploy(
  { name, installed }: Subject,
  cwd: string,
  workshop: Workshop,
): Promise<number> {
  const esbuild = workshop.tool('esbuild/bin/esbuild')
  const made = join(cwd, 'made', name)
  const flags = ['--bundle', '--platform=node', `--outfile=made/${name}/index.js`]
  const outside = installed === undefined ? [] : [`--external:${installed}`]
  const args = [esbuild, `${name}.mjs`, ...flags, ...outside, '--log-level=error']
  await workshop.run({ cwd, args })
  if (installed !== undefined) {
    const version = TOOL_LIST.dependencies[installed] ?? ''
    await writeFile(join(made, 'package.json'), '{ "private": true }')
    await npm(made, 'install', '--omit=optional', '--no-audit', `${installed}@${version}`)
  }
  const zip = join(cwd, `${name}.zip`)
  await workshop.run({ cwd: made, node: null, args: ['zip', '-q', '-r', zip, '.'] })
  await workshop.run({ cwd, node: null, args: ['unzip', '-q', zip, '-d', name] })
  return statSync(zip).size
}

/** One start in a fresh process; null where the function does not load. */
async function start(command: Command, workshop: Workshop): Promise<Times | null> {
  try {
    const output = await workshop.run(command)
    // Among warnings of whatever it runs.
    return JSON.parse(/^\{"loadedMs.*\}$/m.exec(output)?.[0] ?? output) as Times
  } catch (error) {
    const why = (error as Error).message.split('\n').find((line) => /Error:/.test(line))
    console.log(`${command.args.join(' ')} does not load: ${why}`)
    return null
  }
}

async function main(brokers: readonly string[]): Promise<void> {
  const producer = new Producer({ brokers })
  await producer.send({ topic: TOPIC, value: 'makes the topic' })
  await producer.close()
  const workshop = await Workshop.open()
  try {
    const node = await workshop.node(NODE)
    const sources = SUBJECTS.map(({ name, source }) => [`${name}.mjs`, source])
    const files = { 'runtime.cjs': RUNTIME, ...Object.fromEntries(sources) }
    const cwd = await workshop.project('cold start', files)
    const sizes: number[] = []
    for (const subject of SUBJECTS) sizes.push(await deploy(subject, cwd, workshop))
    const times = SUBJECTS.map((): Times[] => [])
    const dead = new Set<string>()
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { name }] of SUBJECTS.entries()) {
        if (dead.has(name)) continue
        const env = { BROKERS: brokers.join(',') }
        const command = { cwd, node, args: ['runtime.cjs', name], env }
        const measured = await start(command, workshop)
        if (measured === null) dead.add(name)
        else times[index]?.push(measured)
      }
    }
    print(sizes, times)
  } finally {
    await workshop.close()
  }
}

function print(sizes: readonly number[], times: readonly Times[][]): void {
  const table = new Table({
    head: ['function with', 'zip KB', 'loaded ms', 'first ack ms', 'least'],
  })
  for (const [index, { name }] of SUBJECTS.entries()) {
    const all = times[index] ?? []
    const loaded = sorted(all.map((it) => it.loadedMs))
    const acked = sorted(all.map((it) => it.ackedMs))
    const figures = [median(loaded), median(acked), acked[0]].map((ms) =>
      ms === undefined ? '–' : ms.toFixed(0),
    )
    table.push([name, ((sizes[index] ?? 0) / 1000).toFixed(1), ...figures])
  }
  console.log(`${ROUNDS} rounds, Node ${NODE}; medians, and the least time to an acknowledgement`)
  console.log(table.toString())
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b)
}

function median(numbers: readonly number[]): number | undefined {
  return numbers[numbers.length >> 1]
}

const kafka = givenKafka()
if (kafka === undefined) {
  console.log('no Kafka: run it as `npm run bench:cold-start`, or set KAFKA_BROKERS')
  process.exitCode = 1
} else {
  await main(kafka.bootstrap)
}
