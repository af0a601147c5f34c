import t from 'tap'
import { OttlaError } from '../src/errors.js'
import { missingLogMethod, safeLogger, silentLogger, type Logger } from '../src/logger.js'

/** Lines come in a microtask. */
const told = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

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
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    logger[level]({ nodeId: 1 }, 'text')
  t.strictSame(lines, [], 'later: whoever logs may be amid a change')
  await told()
  t.strictSame(lines, ['debug', 'info', 'warn', 'error'].map((l) => ['ottla', l, { nodeId: 1 }, 'text'])) // prettier-ignore
})

t.test('takes no harm from a logger that throws', async (t) => {
  const fail = (): never => {
    throw new Error('disk full')
  }
  const logger = safeLogger({ debug: fail, info: fail, warn: fail, error: fail })
  t.doesNotThrow(() => logger.error({}, 'text'))
  t.doesNotThrow(() => safeLogger(silentLogger).info({}, 'text'))
  t.doesNotThrow(() => safeLogger(console).debug({}, 'console fits the interface'))
  await told()
})

t.test('takes no harm from a logger that is async and rejects', async (t) => {
  const ended: unknown[] = []
  const onUnhandled = (reason: unknown): void => void ended.push(reason)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  const fail = (() => Promise.reject(new Error('the sink is down'))) as () => never
  const levels = { debug: fail, info: fail, warn: fail, error: fail }
  const nest = { debug: fail, log: fail, warn: fail, error: fail }
  const winston = { ...levels, configure() {}, transports: [] }
  for (const logger of [levels, nest, winston].map((it) => safeLogger(it))) {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, 'text')
    logger.error({ err: new Error('why') }, 'text')
  }
  await new Promise((resolve) => setTimeout(resolve)) // Node tells of them once the turn has ended
  t.strictSame(ended, [])
})

/** What each call was given. */
type Calls = unknown[][]

const recorder =
  (calls: Calls, name: string) =>
  (...args: unknown[]): void =>
    void calls.push([name, ...args])

t.test("winston's: sentence first, and errors that JSON can carry", async (t) => {
  const calls: Calls = []
  const at = (name: string) => recorder(calls, name)
  const levels = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const logger = safeLogger({ ...levels, configure() {}, transports: [] } as Logger)
  const cause = new TypeError('the cause')
  logger.warn({ err: new OttlaError('ERR_X', 'broken', { cause }), nodeId: 2 }, 'lost')
  logger.info({ outageMs: 3 }, 'back')
  await told()
  const [warning, info] = JSON.parse(JSON.stringify(calls)) as Calls
  t.match(warning, ['warn', 'lost', { nodeId: 2, err: { message: 'broken', code: 'ERR_X' } }])
  t.match(warning?.[2], { err: { stack: /logger.test/, cause: { message: 'the cause' } } })
  t.strictSame(info, ['info', 'back', { outageMs: 3 }])
  const circle = new Error('circle')
  circle.cause = circle
  logger.error({ err: circle }, 'ends')
  logger.error({ err: 'thrown text' }, 'text')
  await told()
  t.match(calls.slice(2), [
    ['error', 'ends'],
    ['error', 'text', { err: 'thrown text' }],
  ])
})

t.test("Nest's: a text, with the facts at its end", async (t) => {
  const calls: Calls = []
  const at = (name: string) => recorder(calls, name)
  const nest = { log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') }
  const logger = safeLogger(nest)
  const err = new Error('broken')
  logger.warn({ err, nodeId: 2 }, 'lost broker 2')
  logger.info({}, 'back')
  logger.debug({ topic: 't' }, 'detail')
  logger.error({ err }, 'bad')
  logger.error({ err: 'text' }, 'bad')
  await told()
  t.strictSame(calls, [
    ['warn', 'lost broker 2: broken {"nodeId":2}'],
    ['log', 'back'],
    ['debug', 'detail {"topic":"t"}'],
    ['error', 'bad: broken', err.stack],
    ['error', 'bad: text'],
  ])
  const { debug: _debug, ...rest } = nest
  t.doesNotThrow(() => safeLogger(rest).debug({}, 'a LoggerService need not have debug'))
  await told()
})

t.test('says which method a logger lacks', async (t) => {
  t.equal(missingLogMethod(console), undefined)
  t.equal(missingLogMethod({ log() {}, warn() {}, error() {} }), undefined)
  t.equal(missingLogMethod({ log() {} }), 'warn')
  for (const it of [null, undefined, 7, {}]) t.equal(missingLogMethod(it), 'debug')
})
