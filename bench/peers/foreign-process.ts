/**
 * Runs a program that knows nothing of the contract, and measures it from outside: CPU and memory
 * from /proc (Linux only), looked at every few milliseconds until it ends.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 10
const MICROS_PER_TICK = 10_000 // USER_HZ is 100 on every Linux that Node runs on

/** What a program said and used up. */
export interface ForeignRun {
  readonly output: string
  readonly cpuMicros: number
  readonly rssBytes: number
}

/** Rejects with its output where it fails. */
export async function runForeign(command: string, args: readonly string[]): Promise<ForeignRun> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const used = { cpuMicros: 0, rssBytes: 0 }
  const timer = setInterval(() => {
    if (child.pid !== undefined) Object.assign(used, look(child.pid) ?? {})
  }, LOOK_EVERY_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output.slice(-2_000)}`)
  return { output, ...used }
}

/** Null once the process is gone. */
function look(pid: number): { cpuMicros: number; rssBytes: number } | null {
  try {
    // Behind the program's name, which is in brackets: field 3 on; utime is 14, stime 15.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const peakKib = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
    if (peakKib === undefined) return null // a zombie: the last look counts
    const ticks = Number(stat[11]) + Number(stat[12])
    return { cpuMicros: ticks * MICROS_PER_TICK, rssBytes: Number(peakKib) * 1024 }
  } catch {
    return null
  }
}
