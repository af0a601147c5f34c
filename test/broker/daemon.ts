/**
 * One long-lived server process (a broker, or ZooKeeper) with its log in a file.
 * Not a Kafka: it knows pids, signals and the tail of a log.
 *
 * Neighbours: leash.ts kills it if we die first; node.ts and zookeeper.ts start it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { Leash } from './leash.js'

const TAIL_LINES = 30
const TERMINATE_TIMEOUT_MS = 20_000

/** A file that several processes append to, one after the other. */
interface LogFile {
  readonly path: string
  /** Where the output of this process begins, in bytes. */
  readonly start: number
}

/** A process that was started, and may have ended since. */
export class Daemon {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #log: LogFile

  private constructor(child: ChildProcess, pid: number, log: LogFile, leash: Leash) {
    this.#child = child
    this.pid = pid
    this.#log = log
    this.#exited = new Promise((resolve) => child.once('exit', resolve))
    child.once('exit', () => leash.release(pid))
    leash.hold(pid)
    child.unref() // a forgotten stop() must not keep a test from ending; the leash sees to the rest
  }

  /** Starts `command`, appending its output to `logFile`. Rejects if it cannot be started. */
  static async start(command: readonly string[], logFile: string, leash: Leash): Promise<Daemon> {
    const [program = '', ...args] = command
    const log = openSync(logFile, 'a')
    try {
      // Detached: Ctrl-C in a terminal is ours to answer, not the broker's.
      const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true })
      if (child.pid === undefined) throw (await once(child, 'error'))[0]
      return new Daemon(child, child.pid, { path: logFile, start: fstatSync(log).size }, leash)
    } finally {
      closeSync(log)
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGKILL; resolves when the process is gone. Idempotent. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#untilExit()
  }

  /** SIGTERM, and SIGKILL for one that does not end within 20 s; resolves when it is gone. */
  async terminate(): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), TERMINATE_TIMEOUT_MS)
    await this.#untilExit()
    clearTimeout(timer)
  }

  /** What this process, not those before it, wrote to the log. */
  output(): string {
    return readFileSync(this.#log.path).subarray(this.#log.start).toString('utf8')
  }

  /** The last lines of its output, for an error's message. */
  tail(): string {
    const lines = this.output().trimEnd().split('\n')
    return [`the end of ${this.#log.path}:`, ...lines.slice(-TAIL_LINES)].join('\n  ')
  }

  /** An unreferenced child's exit may go unnoticed while we await it: hold it for that long. */
  async #untilExit(): Promise<void> {
    if (this.isRunning) this.#child.ref()
    await this.#exited
  }
}
