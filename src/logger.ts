/**
 * The logger that a user may hand in, and the wrapper that makes any of them harmless.
 *
 * Not a logging library: nothing is formatted, filtered or written here. The shape is the part that
 * pino and console share: a method per level, called with an object of facts and a sentence.
 *
 * Neighbours: none; every room may import it.
 */

/** One level's method: facts first (pino's order), then a sentence. */
export type LogMethod = (facts: object, message: string) => void

/** What Ottla logs to. `pino()` and `console` both fit. */
export interface Logger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

const ignore: LogMethod = () => {}

/** The default: says nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/**
 * Wraps a user's logger so that one that throws harms nothing: a failure to log must not become a
 * failure to deliver. The methods are called on the logger itself, for those that use `this`.
 */
export function safeLogger(logger: Logger): Logger {
  const guard =
    (level: keyof Logger): LogMethod =>
    (facts, message) => {
      try {
        logger[level](facts, message)
      } catch {
        // There is nowhere left to report it to.
      }
    }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}
