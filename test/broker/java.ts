/**
 * The Java on this machine: is it new enough, can it compile, and how to run a main class with it.
 *
 * Neighbours: jars.ts gives the class path, class-archive.ts lets tools start faster; node.ts and
 * zookeeper.ts run servers, tools.ts tools.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { withClassArchive } from './class-archive.js'

/** Kafka 4 needs Java 17 for brokers and tools; older versions run on it as well. */
const MIN_JAVA = 17
const LAST_WORDS_CHARS = 4_000
/** Of a Java that hangs: all its threads. */
const THREAD_DUMP_CHARS = 40_000
const THREAD_DUMP_MS = 2_000
const DEFAULT_TIMEOUT_MS = 120_000

// The short-lived tools never reach the second compiler's break-even.
const TOOL_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m', '-Xshare:auto']
// slf4j-simple writes to stderr; a tool's is shown only when it fails.
const TOOL_LOG = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'

/** The `java` to run: JAVA_HOME's, else the one on the PATH. */
export function javaProgram(): string {
  const home = process.env.JAVA_HOME
  return home ? join(home, 'bin', 'java') : 'java'
}

/** Null if Java is there and new enough, else a sentence that says what is amiss. */
export async function whyNoJava(): Promise<string | null> {
  const said = await run([javaProgram(), '-version']).catch(() => null)
  if (said === null) return `no Java (${MIN_JAVA} or newer) on the PATH or in JAVA_HOME`
  const major = Number(/version "(\d+)/.exec(said.stderr)?.[1] ?? 0)
  if (major < MIN_JAVA) return `Java ${major} is too old: ${MIN_JAVA} or newer is needed`
  // Tests, benches and the demo have small Java programs of their own, which are compiled.
  const { stdout } = await run([javaProgram(), '--list-modules']).catch(() => ({ stdout: '' }))
  return /^jdk\.compiler(@|$)/m.test(stdout)
    ? null
    : `Java ${major} is there without its compiler: a JDK is needed`
}

/** How a tool is run. */
export interface ToolOptions {
  /** How an error names it. Default: the whole command. */
  readonly name?: string
  /** Called with what the tool prints, as it comes; without it, the output is returned as text. */
  readonly onOutput?: (chunk: Buffer) => void
  /** Default 120,000. */
  readonly timeoutMs?: number
}

/** Runs a main class to its end and returns what it printed. */
export async function runJava(
  classPath: string,
  main: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { stdout } = await withClassArchive(classPath, main, (flags) => {
    const java = [javaProgram(), ...TOOL_FLAGS, ...flags, TOOL_LOG]
    const named = { name: `${main} ${args.join(' ')}`, ...options }
    return run([...java, '-cp', classPath, main, ...args], named)
  })
  return stdout
}

/** Compiles one `.java` file into a folder; needs a JDK, not only what runs Java. */
export async function compileJava(classPath: string, file: string, folder: string): Promise<void> {
  const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '-proc:none', '--release', '17']
  await run([javaProgram(), ...TOOL_FLAGS, ...compiler, '-cp', classPath, '-d', folder, file])
}

/** Packs a folder of classes into a jar; needs a JDK. */
export async function packJar(folder: string, jar: string): Promise<void> {
  const packer = ['-m', 'jdk.jartool/sun.tools.jar.Main', '--create']
  await run([javaProgram(), ...TOOL_FLAGS, ...packer, '--file', jar, '-C', folder, '.'])
}

/** Runs a command to its end; rejects, showing its last words, if it fails or takes too long. */
export async function run(
  command: readonly string[],
  options: ToolOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  const onOutput = options.onOutput ?? ((chunk: Buffer) => output.push(chunk))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  let timer = setTimeout(() => {
    child.kill('SIGQUIT') // where does it hang? Java prints what each thread does, and goes on
    timer = setTimeout(() => child.kill('SIGKILL'), THREAD_DUMP_MS)
  }, timeoutMs)
  try {
    const [[code, signal]] = await Promise.all([
      once(child, 'close'),
      drain(child.stdout, onOutput),
    ])
    const stdout = Buffer.concat(output).toString('utf8')
    if (code === 0) return { stdout, stderr }
    const how = signal === null ? `ended with ${code}` : `${signal}, at most ${timeoutMs} ms`
    const wordsChars = signal === null ? LAST_WORDS_CHARS : THREAD_DUMP_CHARS
    const lastWords = (stdout + stderr).slice(-wordsChars)
    throw new Error(`${options.name ?? command.join(' ')} failed (${how}):\n${lastWords}`)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL') // nothing but a throwing `onOutput` leaves it running
  }
}

async function drain(stream: Readable, onOutput: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) onOutput(chunk)
}
