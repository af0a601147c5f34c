/**
 * The bench's side of the contract: starts a subject's process, hands it the task, takes its report.
 *
 * Neighbours: contract.ts; rounds.ts decides who runs when.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { SubjectReport, SubjectTask } from '../contract.js'

/** A program that keeps to the contract; the task's JSON is appended to its arguments. */
export interface SubjectProgram {
  /** Default: this Node. */
  readonly command?: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const MAX_OUTPUT_BYTES = 1_000_000

/** Runs a subject to its end. Rejects, with what it said, where it fails or takes too long. */
export async function runSubject(
  program: SubjectProgram,
  task: SubjectTask,
  timeoutMs: number,
): Promise<SubjectReport> {
  const command = program.command ?? process.execPath
  const child = spawn(command, [...program.args, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...program.environment },
  })
  const output = { stdout: '', stderr: '' }
  const keep = (name: keyof typeof output) => (chunk: Buffer) => {
    output[name] = (output[name] + chunk.toString()).slice(-MAX_OUTPUT_BYTES)
  }
  child.stdout.on('data', keep('stdout'))
  child.stderr.on('data', keep('stderr'))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  const line = output.stdout.trim().split('\n').at(-1) ?? ''
  if (code === 0 && line.startsWith('{')) return JSON.parse(line) as SubjectReport
  const how = signal === null ? `exit code ${code}` : `${signal} (limit ${timeoutMs} ms)`
  throw new Error(
    `${[command, ...program.args].join(' ')}: ${how}\n${output.stderr || output.stdout}`,
  )
}
