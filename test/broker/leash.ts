/**
 * The leash: one small shell that outlives this process by a moment, so that no broker outlives it
 * for longer. The shell reads our end of a pipe. However this process ends (return, throw, Ctrl-C,
 * SIGKILL) the kernel closes the pipe, and the shell kills what we had started and cleans up.
 * An 'exit' handler could not do that: it does not run on SIGKILL, which is how a test runner ends
 * a test that hangs.
 *
 *   us ── "123 124\n" (the pids that live now) ──▶ sh ── pipe closed ──▶ kill -9 123 124; cleanup
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

// Each line replaces the one before, so that a pid which the system may reuse is soon forgotten.
const SCRIPT =
  'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids 2>/dev/null; "$@"'

/** Kills the processes it holds, and runs one cleanup command, when this process ends. */
export class Leash {
  readonly #pids = new Set<number>()
  readonly #shell: ChildProcess
  readonly #pipe: Socket

  /** `cleanup` is a command and its arguments, run once, last: by `letGo` or by our death. */
  constructor(cleanup: readonly string[]) {
    // Detached: Ctrl-C reaches every process of the terminal's group, and must not reach this one.
    this.#shell = spawn('sh', ['-c', SCRIPT, 'leash', ...cleanup], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#pipe = this.#shell.stdin as Socket // a pipe of a child is a Socket (Node's docs)
    this.#pipe.on('error', () => {}) // the shell is gone: there is nobody left to tell
    this.#shell.unref()
    this.#pipe.unref()
  }

  /** From now on `pid` dies with us. */
  hold(pid: number): void {
    this.#pids.add(pid)
    this.#tell()
  }

  /** `pid` has ended. */
  release(pid: number): void {
    this.#pids.delete(pid)
    this.#tell()
  }

  /** Kills what is still held, runs the cleanup, and resolves when both are done. */
  async letGo(): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return
    const ended = once(this.#shell, 'exit')
    this.#shell.ref()
    this.#pipe.end()
    await ended
  }

  #tell(): void {
    this.#pipe.write(`${[...this.#pids].join(' ')}\n`)
  }
}
