/**
 * The copy job as a supervisor has it: a process that is started again until it ends well. It may be
 * killed at any time.
 *
 * Neighbours: main.ts kills it; examples/copy-job/main.ts is the process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../examples/copy-job/main.js', import.meta.url))
/** A job that fails so often by itself will not get there. */
const MOST_FAILURES = 50
const LAST_WORDS_CHARS = 2_000
const LINE = /^(\d+) records of partition/

export interface JobOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Called with all that is copied so far. */
  readonly onProgress: (copied: number) => void
  readonly onStart: () => void
  readonly log: (line: string) => void
}

export class Job {
  readonly #options: JobOptions
  #child: ChildProcess | null = null
  #isOver = false
  /** Records that were told to be copied; less than there are where it was killed before it told. */
  copied = 0
  /** Processes that a `kill` has ended. */
  killed = 0
  /** Processes that have ended by an error of theirs. */
  failed = 0

  constructor(options: JobOptions) {
    this.#options = options
  }

  /** Resolves when a process has ended well; rejects where too many fail. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      const { code, signal, lastWords } = await this.#runOnce()
      if (code === 0) return
      if (signal === 'SIGKILL') this.killed++
      else {
        this.#options.log(`the job failed by itself: ${lastWords}`)
        if (++this.failed > MOST_FAILURES) throw new Error('the job fails again and again')
      }
    }
    throw new Error('the job was given up')
  }

  /** SIGKILL; false where no process is running. */
  kill(): boolean {
    return this.#child?.kill('SIGKILL') ?? false
  }

  /** Kills it for good. */
  giveUp(): void {
    this.#isOver = true
    this.kill()
  }

  async #runOnce(): Promise<{ code: number | null; signal: string | null; lastWords: string }> {
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, ...this.#options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let lastWords = ''
    child.stderr.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-LAST_WORDS_CHARS)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.copied += Number(LINE.exec(line)?.[1] ?? 0)
      this.#options.onProgress(this.copied)
    })
    this.#options.onStart()
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    this.#child = null
    return { code, signal, lastWords }
  }
}
