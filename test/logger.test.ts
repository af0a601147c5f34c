import t from 'tap'
import { safeLogger, silentLogger } from '../src/logger.js'

t.test('passes facts and sentence on to the logger, as its own method', async (t) => {
  const lines: unknown[] = []
  class Recorder {
    readonly prefix = 'ottla'
    debug(facts: object, message: string) { this.#note('debug', facts, message) } // prettier-ignore
    info(facts: object, message: string) { this.#note('info', facts, message) } // prettier-ignore
    warn(facts: object, message: string) { this.#note('warn', facts, message) } // prettier-ignore
    error(facts: object, message: string) { this.#note('error', facts, message) } // prettier-ignore
    #note(...line: unknown[]) { lines.push([this.prefix, ...line]) } // prettier-ignore
  }
  const logger = safeLogger(new Recorder())
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({ n: 1 }, 'text')
  t.strictSame(lines, ['debug', 'info', 'warn', 'error'].map((l) => ['ottla', l, { n: 1 }, 'text'])) // prettier-ignore
})

t.test('takes no harm from a logger that throws', async (t) => {
  const fail = (): never => {
    throw new Error('disk full')
  }
  const logger = safeLogger({ debug: fail, info: fail, warn: fail, error: fail })
  t.doesNotThrow(() => logger.error({}, 'text'))
  t.doesNotThrow(() => safeLogger(silentLogger).info({}, 'text'))
  t.doesNotThrow(() => safeLogger(console).debug({}, 'console fits the interface'))
})
