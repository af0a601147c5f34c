/**
 * The process of Oracle.java: questions go out as lines of JSON, answers come back in their order.
 * It knows pipes, not Kafka; oracle.ts gives the questions their types.
 *
 * The process ends with its stdin, so it cannot outlive this one.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { javaProgram } from '../broker/java.js'
import { projectFile } from '../broker/project.js'

/** Longest wait for the next answer; the first one waits for Java to compile the program too. */
const TIMEOUT_MS = 60_000
const FLAGS = ['-XX:+UseSerialGC', '-Xmx1g', '-Xshare:auto', '-XX:TieredStopAtLevel=1']
const LAST_WORDS_CHARS = 4_000

/** Kafka refused, or could not make sense of the question; the message is Kafka's exception. */
export class KafkaRefusal extends Error {
  override readonly name = 'KafkaRefusal'
}

interface Question {
  resolve(answer: unknown): void
  reject(reason: Error): void
}

/** One running oracle. */
export class OracleProcess {
  readonly #child: ChildProcessWithoutNullStreams
  /** Asked and not yet answered, oldest first. */
  readonly #pending: Question[] = []
  #watchdog: NodeJS.Timeout | undefined
  #stderr = ''

  constructor(classPath: string) {
    const program = projectFile('test', 'conformance', 'Oracle.java')
    this.#child = spawn(javaProgram(), [...FLAGS, '-cp', classPath, program])
    createInterface({ input: this.#child.stdout, crlfDelay: Infinity }).on('line', (line) =>
      this.#onAnswer(line),
    )
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.#child.stdin.on('error', () => {}) // it has died: 'close' tells why
    this.#child.once('error', (error) => this.#fail(error))
    this.#child.once('close', () => this.#fail(new Error('it ended')))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * `question`: one line. Rejects with `KafkaRefusal` where Kafka does, and with Error once the
   * process is gone.
   */
  ask(question: string): Promise<unknown> {
    if (!this.#child.stdin.writable) return Promise.reject(new Error('the oracle has ended'))
    return new Promise((resolve, reject) => {
      if (this.#pending.push({ resolve, reject }) === 1) this.#watch()
      this.#child.stdin.write(`${question}\n`)
    })
  }

  /** Fails what is still asked; resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#fail(new Error('it was stopped'))
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  #onAnswer(line: string): void {
    const question = this.#pending.shift()
    if (this.#pending.length === 0) clearTimeout(this.#watchdog)
    else this.#watchdog?.refresh()
    const { answer, error } = JSON.parse(line) as { answer?: unknown; error?: string }
    if (error === undefined) question?.resolve(answer)
    else question?.reject(new KafkaRefusal(error))
  }

  #watch(): void {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => {
      this.#fail(new Error(`no answer for ${TIMEOUT_MS} ms`))
      this.#child.kill('SIGKILL')
    }, TIMEOUT_MS)
  }

  #fail(cause: Error): void {
    clearTimeout(this.#watchdog)
    const message = `the oracle failed: ${cause.message}\n${this.#stderr.slice(-LAST_WORDS_CHARS)}`
    for (const question of this.#pending.splice(0)) question.reject(new Error(message, { cause }))
  }
}
