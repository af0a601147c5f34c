/**
 * `npm run bench:all`: every case with the sizing in which its table is kept, one after the other,
 * each into bench/results; then `npm run docs` makes the pages from them. For a quiet machine.
 * `npm run bench:all -- codecs latency` runs these steps only.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One run: a case, beside the peers or without them, with options for the bench. */
interface Step {
  readonly name: string
  readonly hasPeers: boolean
  readonly options: readonly string[]
}

/** librdkafka and franz-go: those to be held against where all peers would take hours. */
const NATIVE = ['wire', 'alone', 'ottla', 'librdkafka', 'franz-go'].flatMap((name) => [
  '--only',
  name,
])

const STEPS: readonly Step[] = [
  { name: 'throughput', hasPeers: true, options: ['--rounds', '3', '--seconds', '2'] },
  { name: 'tls', hasPeers: false, options: ['--rounds', '5'] },
  { name: 'latency', hasPeers: true, options: ['--rounds', '2', '--seconds', '3'] },
  { name: 'transactions', hasPeers: false, options: ['--rounds', '5'] },
  { name: 'sizes', hasPeers: true, options: ['--rounds', '2', '--seconds', '2', ...NATIVE] },
  { name: 'codecs', hasPeers: true, options: ['--rounds', '2', '--seconds', '1.5', ...NATIVE] },
  { name: 'auto', hasPeers: false, options: ['--rounds', '1', '--seconds', '1.5'] },
  { name: 'partitions', hasPeers: false, options: ['--rounds', '2', '--seconds', '1.5'] },
  { name: 'memory', hasPeers: false, options: ['--rounds', '3'] },
  { name: 'start', hasPeers: false, options: ['--rounds', '9'] },
  { name: 'article', hasPeers: true, options: ['--rounds', '2'] },
  { name: 'brokers', hasPeers: false, options: ['--rounds', '3'] },
  { name: 'batches', hasPeers: false, options: ['--rounds', '3', '--seconds', '1.5'] },
  { name: 'linger', hasPeers: false, options: ['--rounds', '3'] },
  { name: 'workers', hasPeers: false, options: ['--rounds', '3', '--seconds', '1.5'] },
  { name: 'surfaces', hasPeers: false, options: ['--rounds', '5', '--seconds', '2'] },
]

/** Runs a step; resolves with whether every subject had its row. */
async function run({ name, hasPeers, options }: Step): Promise<boolean> {
  const program = fileURLToPath(new URL(hasPeers ? 'peers/main.js' : 'main.js', import.meta.url))
  const child = spawn(process.execPath, [program, name, '--json', ...options], { stdio: 'inherit' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name))
if (unknown.length > 0) throw new Error(`there is no step ${unknown.join(', ')}`)

const report: string[] = []
for (const step of STEPS) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue
  const startedMs = performance.now()
  const isWhole = await run(step)
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  report.push(`${step.name}: ${seconds} s${isWhole ? '' : ', not every subject has a row'}`)
  if (!isWhole) process.exitCode = 1
}
console.log(`\n${report.join('\n')}\n\nnpm run docs makes the pages from bench/results`)
