/**
 * The logger that a user may hand in, and the wrapper that makes any of them fit and none do harm.
 *
 * Not a logging library: nothing is formatted, filtered or written here. Ottla says a thing by facts
 * (`LogFacts`) and a sentence; loggers differ in what they take, which is told by their methods:
 *
 *   facts, sentence    pino, bunyan, Fastify, console       as it is
 *   sentence, facts    winston (`configure`, `transports`)  an Error made plain: it would print as {}
 *   sentence           Nest (`log`, and no `info`)          the facts at its end; `error` with the stack
 *
 * An Error is in the facts under `err` and nowhere else: pino, bunyan and Fastify print no other.
 *
 * Neighbours: clock.ts, promised.ts; every room may import it.
 */
import { queueJob } from './clock.js'
import { isPromised } from './promised.js'

/** One level's method: facts first (pino's order), then a sentence. */
export type LogMethod = (facts: object, message: string) => void

/** What Ottla logs to. pino, bunyan, winston and `console` fit, and what has their methods. */
export interface Logger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

/** One level's method of a {@link NestLogger}. */
export type NestLogMethod = (message: string, stack?: string) => unknown

/** What Ottla logs to as well: Nest's `Logger`, `ConsoleLogger`, and any `LoggerService`. */
export interface NestLogger {
  debug?: NestLogMethod | undefined
  log: NestLogMethod
  warn: NestLogMethod
  error: NestLogMethod
}

/** Every fact that Ottla logs; each line has those that it is about. */
export interface LogFacts {
  /** What has failed, and why. */
  readonly err?: unknown
  readonly topic?: string
  readonly partition?: number
  readonly recordCount?: number
  /** The broker's. */
  readonly nodeId?: number
  readonly host?: string
  readonly port?: number
  /** Whose coordinator it is. */
  readonly transactionalId?: string
  readonly groupId?: string
  /** When an outage began, in ISO 8601, and how long it was. */
  readonly since?: string
  readonly outageMs?: number
  readonly fromClusterId?: string | null
  readonly toClusterId?: string | null
  readonly codec?: string
  /** Not `level`, which loggers have for their own. */
  readonly codecLevel?: number | undefined
  /** Of a choice of codec: see CompressionChoice. */
  readonly ratio?: number
  readonly cpuMsPerMb?: number
  readonly cost?: number
  readonly costs?: Readonly<Record<string, number>>
}

/** How Ottla's own code logs. */
export type Log = Readonly<Record<Level, (facts: LogFacts, message: string) => void>>

type Level = keyof Logger

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** How many causes of a cause are made plain; there may be a circle of them. */
const MOST_CAUSES = 5

const ignore: LogMethod = () => {}

/** The default: says nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** The first method that a logger would need and does not have; undefined where it fits. */
export function missingLogMethod(logger: unknown): string | undefined {
  const needed = isNest(logger) ? ['log', 'warn', 'error'] : LEVELS
  return needed.find((name) => typeof method(logger, name) !== 'function')
}

/**
 * Wraps a user's logger so that it is given what it takes, and that one which throws, or rejects later,
 * harms nothing: a failure to log must not become a failure to deliver. Methods are called on the logger itself, for
 * those that use `this`; and in a microtask, in the order of the lines: whoever logs may be amid a change, and a logger
 * may send its lines by the same producer.
 */
export function safeLogger(logger: Logger | NestLogger): Log {
  const write = writerFor(logger)
  const call = (level: Level, facts: LogFacts, message: string): void => {
    try {
      isPromised(write(level, facts, message))
    } catch {
      // There is nowhere left to report it to.
    }
  }
  const at =
    (level: Level): Log[Level] =>
    (facts, message) =>
      queueJob(() => call(level, facts, message))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** What the method returns: `void`, it says, but it may be async. */
type Writer = (level: Level, facts: LogFacts, message: string) => unknown

function writerFor(logger: Logger | NestLogger): Writer {
  if (isNest(logger)) return (level, facts, message) => writeToNest(logger, level, facts, message)
  if (isWinston(logger)) return (level, facts, message) => logger[level](message, plain(facts))
  return (level, facts, message) => logger[level](facts, message)
}

function isNest(logger: unknown): logger is NestLogger {
  return typeof method(logger, 'log') === 'function' && method(logger, 'info') === undefined
}

/** Its methods take the sentence first, and facts behind it. */
type MessageFirst = Record<Level, (message: string, facts: object) => void>

function isWinston(logger: object): logger is MessageFirst {
  return typeof method(logger, 'configure') === 'function' && 'transports' in logger
}

function method(logger: unknown, name: string): unknown {
  return (logger as Readonly<Record<string, unknown>> | null | undefined)?.[name]
}

/** Nest's loggers take a text; only `error` takes a stack behind it, the others another text. */
function writeToNest(logger: NestLogger, level: Level, facts: LogFacts, message: string): unknown {
  const { err, ...others } = facts
  const why = err === undefined ? '' : `: ${textOf(err)}`
  const rest = JSON.stringify(others)
  const text = `${message}${why}${rest === '{}' ? '' : ` ${rest}`}`
  if (level === 'debug') return logger.debug?.(text)
  if (level === 'info') return logger.log(text)
  if (level === 'warn') return logger.warn(text)
  return err instanceof Error ? logger.error(text, err.stack) : logger.error(text)
}

/** A user's callback may throw anything. */
function textOf(err: unknown): string {
  if (err instanceof Error) return err.message
  return typeof err === 'string' ? err : JSON.stringify(err)
}

/** What JSON can carry. */
function plain({ err, ...others }: LogFacts): object {
  return err === undefined ? others : { ...others, err: plainError(err, MOST_CAUSES) }
}

function plainError(error: unknown, mostCauses: number): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  const own = { ...(error as object), name, message, stack }
  const isLast = cause === undefined || mostCauses === 0
  return isLast ? own : { ...own, cause: plainError(cause, mostCauses - 1) }
}
