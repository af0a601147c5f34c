/** The state machine of client telemetry, on a clock turned by hand and brokers that answer as told. */
import t from 'tap'
import { BrokerError, ConnectionError, type OttlaError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/logger.js'
import type { ConnectionTarget } from '../../../src/network/connection/connection-contract.js'
import {
  TelemetryReporter,
  type TelemetryParts,
} from '../../../src/producer/telemetry/telemetry-reporter.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import type { GetTelemetrySubscriptionsResponse } from '../../../src/protocol/messages/get-telemetry-subscriptions.js'
import type { PushTelemetryRequest } from '../../../src/protocol/messages/push-telemetry.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { ManualClock } from '../../support/manual-clock.js'
import { readOtlp, valuesOf } from './support/read-otlp.js'
import { snapshot } from './support/snapshots.js'

const ID = 'AAECAwQFBgcICQoLDA0ODw'
const INTERVAL_MS = 10_000
const FIVE_MINUTES_MS = 300_000
const SUBSCRIPTION: GetTelemetrySubscriptionsResponse = {
  ...{ throttleTimeMs: 0, errorCode: 0, clientInstanceId: ID, subscriptionId: 5 },
  ...{ acceptedCompressionTypes: [], pushIntervalMs: INTERVAL_MS, telemetryMaxBytes: 100_000 },
  ...{ deltaTemporality: true, requestedMetrics: ['*'] },
}
const ACCEPTED = { throttleTimeMs: 0, errorCode: 0 }

interface Asked {
  readonly api: string
  readonly request: unknown
  readonly port: number
  readonly atMs: number
}

type Answer = object | Error | 'never'

class World {
  readonly clock = new ManualClock()
  readonly asked: Asked[] = []
  /** By API; the last one goes on. */
  readonly answers = new Map<string, Answer[]>()
  readonly log: string[] = []
  requestsSent = 0
  readonly reporter: TelemetryReporter

  constructor(more: Partial<TelemetryParts> = {}) {
    const say = (level: string) => (_facts: object, message: string) => {
      this.log.push(`${level} ${message}`)
    }
    this.reporter = new TelemetryReporter({
      clock: this.clock,
      random: () => 0.25,
      logger: { ...silentLogger, info: say('info'), warn: say('warn'), error: say('error') },
      ask: (api, request, address) => this.#ask(api.name, request, address) as never,
      metrics: () => snapshot({ requestsSent: this.requestsSent }),
      resource: {},
      ...more,
    })
    this.answers.set('GetTelemetrySubscriptions', [SUBSCRIPTION])
    this.answers.set('PushTelemetry', [ACCEPTED])
  }

  /** The next answers, and then the usual one again. */
  answer(api: 'GetTelemetrySubscriptions' | 'PushTelemetry', ...answers: Answer[]): void {
    this.answers.get(api)?.unshift(...answers)
  }

  open(port = 1, isOffered = true): void {
    this.reporter.opened({ nodeId: port, host: 'b', port, versions: { has: () => isOffered } })
  }

  /** `api@ms` of all that was asked since the last call. */
  seen(): string[] {
    return this.asked
      .splice(0)
      .map(({ api, atMs }) => `${api === 'PushTelemetry' ? 'push' : 'get'}@${atMs}`)
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceSettled(ms)
  }

  get lastPush(): PushTelemetryRequest {
    const pushes = this.asked.filter(({ api }) => api === 'PushTelemetry')
    return pushes.at(-1)?.request as PushTelemetryRequest
  }

  /** What the last push says was sent. */
  get lastTotal(): number | undefined {
    const values = valuesOf(readOtlp(this.lastPush.metrics))
    return values['org.apache.kafka.producer.request.total']
  }

  #ask(api: string, request: unknown, { port }: ConnectionTarget): Promise<unknown> {
    this.asked.push({ api, request, port, atMs: this.clock.monotonicMs() })
    const answers = this.answers.get(api) ?? []
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer === 'never') return new Promise(() => {})
    if (answer instanceof Error) return Promise.reject(answer)
    return Promise.resolve(answer)
  }
}

const refusal = (errorCode: number, throttleTimeMs = 0): object => ({ errorCode, throttleTimeMs })
const refused = (errorCode: number): object => ({ ...SUBSCRIPTION, errorCode })
const lost = (): OttlaError =>
  new ConnectionError('lost', { host: 'b', port: 1, phase: 'request', retriable: true })

t.test('where no broker offers it nothing is asked, ever', async (t) => {
  const it = new World()
  it.open(1, false)
  t.equal(it.clock.timerCount, 0)
  await it.pass(10 * FIVE_MINUTES_MS)
  t.strictSame(it.seen(), [])
  it.open(2)
  await it.pass(0)
  t.strictSame(it.seen(), ['get@3000000'])
})

t.test('the first push is spread, the next ones come each interval', async (t) => {
  const it = new World()
  it.open()
  t.strictSame(it.seen(), [], 'whoever the connection is for asks first')
  await it.pass(30_000)
  t.strictSame(it.seen(), ['get@0', 'push@7500', 'push@17500', 'push@27500'])
  for (const [random, firstMs] of [[0, 5000], [0.9999, 14_999]] as const) {
    const other = new World({ random: () => random })
    other.open()
    await other.pass(15_000)
    t.equal(other.seen()[1], `push@${firstMs}`)
  }
}) // prettier-ignore

t.test('no timer keeps the process alive', async (t) => {
  const it = new World()
  it.open()
  t.equal(it.clock.timerCount, 1)
  t.equal(it.clock.keepAliveTimerCount, 0)
  await it.pass(8000)
  t.equal(it.clock.timerCount, 1)
  t.equal(it.clock.keepAliveTimerCount, 0)
})

t.test('the id is zero at first, and then the one that was given', async (t) => {
  const it = new World()
  it.answer('PushTelemetry', refusal(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID))
  it.open()
  await it.pass(8000)
  const ids = it.asked.map(({ request }) => (request as PushTelemetryRequest).clientInstanceId)
  t.strictSame(ids, [ZERO_UUID, ID, ID])
})

t.test('none wanted: the cluster is asked again after an interval', async (t) => {
  const it = new World()
  const none = { ...SUBSCRIPTION, requestedMetrics: [] }
  it.answer('GetTelemetrySubscriptions', none, none)
  it.open()
  await it.pass(28_000)
  t.strictSame(it.seen(), ['get@0', 'get@10000', 'get@20000', 'push@27500'])
  t.equal(await it.reporter.clientInstanceId(0), ID, 'there is an id all the same')
})

t.test('each refusal of a push has its consequence', async (t) => {
  const first = ['get@0', 'push@7500']
  const rows: [string, number, string[]][] = [
    ['unknown subscription', ErrorCodes.UNKNOWN_SUBSCRIPTION_ID, ['get@7500', 'push@15000']],
    ['codec', ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE, ['get@7500', 'push@15000']],
    ['too large', ErrorCodes.TELEMETRY_TOO_LARGE, ['get@17500']],
    ['throttled', ErrorCodes.THROTTLING_QUOTA_EXCEEDED, ['get@17500']],
    ['invalid request', ErrorCodes.INVALID_REQUEST, []],
    ['invalid record', ErrorCodes.INVALID_RECORD, []],
    ['unsupported version', ErrorCodes.UNSUPPORTED_VERSION, []],
    ['another', ErrorCodes.UNKNOWN_SERVER_ERROR, []],
  ]
  for (const [name, code, then] of rows) {
    const it = new World()
    it.answer('PushTelemetry', refusal(code))
    it.open()
    await it.pass(20_000)
    t.strictSame(it.seen(), [...first, ...then], name)
    const isStopped = then.length === 0
    t.equal(it.clock.timerCount, isStopped ? 0 : 1, name)
    t.equal(it.log.filter((line) => line.startsWith('warn')).length, isStopped ? 1 : 0, name)
  }
})

t.test('each refusal of the question has its consequence', async (t) => {
  const it = new World()
  it.answer(
    'GetTelemetrySubscriptions',
    refused(ErrorCodes.THROTTLING_QUOTA_EXCEEDED),
    refused(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID),
  )
  it.open()
  await it.pass(2 * FIVE_MINUTES_MS)
  t.strictSame(it.seen(), ['get@0', 'get@300000', 'get@600000'], 'no interval is known yet')
  const other = new World()
  other.answer('GetTelemetrySubscriptions', refused(ErrorCodes.INVALID_REQUEST))
  other.open()
  await other.pass(2 * FIVE_MINUTES_MS)
  t.strictSame(other.seen(), ['get@0'])
  await t.rejects(other.reporter.clientInstanceId(0), { message: /^INVALID_REQUEST/ })
})

t.test('a throttle is waited for where it is longer', async (t) => {
  const it = new World()
  it.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, throttleTimeMs: 20_000 })
  it.answer('PushTelemetry', refusal(0, 35_000), refusal(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID, 1000))
  it.open()
  await it.pass(60_000)
  t.strictSame(it.seen(), ['get@0', 'push@20000', 'push@55000', 'get@56000'])
})

t.test('no answer: another broker is asked, after five minutes', async (t) => {
  const it = new World()
  it.open(1)
  it.open(2)
  it.open(3)
  it.answer('PushTelemetry', lost())
  await it.pass(8000)
  it.answer('GetTelemetrySubscriptions', lost())
  await it.pass(3 * FIVE_MINUTES_MS)
  const asked = it.asked.map(({ port, atMs }) => [port, atMs]).slice(0, 5)
  t.strictSame(asked.slice(0, 3), [[1, 0], [1, 7500], [2, 307_500]])
  t.strictSame(asked.slice(3), [[3, 607_500], [3, 615_000]])
}) // prettier-ignore

t.test('where there is one broker it is asked again', async (t) => {
  const it = new World()
  it.open(1)
  it.answer('GetTelemetrySubscriptions', lost())
  await it.pass(FIVE_MINUTES_MS)
  t.strictSame(it.seen(), ['get@0', 'get@300000'])
})

t.test('a broker that no longer offers it is forgotten', async (t) => {
  const it = new World()
  it.open(1)
  const options = { apiName: 'x', errorCode: 35, errorName: 'UNSUPPORTED_VERSION' }
  it.answer('GetTelemetrySubscriptions', new BrokerError('no common version', options))
  await it.pass(2 * FIVE_MINUTES_MS)
  t.strictSame(it.seen(), ['get@0'])
  t.equal(it.clock.timerCount, 0)
  it.open(1)
  await it.pass(0)
  t.strictSame(it.seen(), ['get@600000'])
  it.open(1, false)
  await it.pass(FIVE_MINUTES_MS)
  t.strictSame(it.seen(), [], 'said by a new connection')
})

t.test('deltas add up, whatever becomes of a push', async (t) => {
  const it = new World()
  it.open()
  it.requestsSent = 3
  await it.pass(7500)
  t.equal(it.lastTotal, 3)
  it.requestsSent = 8
  it.answer('PushTelemetry', refusal(ErrorCodes.THROTTLING_QUOTA_EXCEEDED))
  await it.pass(INTERVAL_MS)
  t.equal(it.lastTotal, 5, 'refused')
  it.requestsSent = 9
  await it.pass(INTERVAL_MS + 7500)
  t.equal(it.lastTotal, 6, 'what was refused is told now')
  it.requestsSent = 11
  it.answer('PushTelemetry', lost())
  await it.pass(INTERVAL_MS)
  t.equal(it.lastTotal, 2, 'lost: it may have arrived')
  it.requestsSent = 12
  await it.pass(FIVE_MINUTES_MS + 7500)
  t.equal(it.lastTotal, 1)
})

t.test('another temporality begins anew', async (t) => {
  const it = new World()
  it.open()
  it.requestsSent = 3
  await it.pass(7500)
  it.answer('PushTelemetry', refusal(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID))
  it.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, deltaTemporality: false })
  it.requestsSent = 8
  await it.pass(INTERVAL_MS + 7500)
  t.equal(it.lastTotal, 8)
  const [sum] = readOtlp(it.lastPush.metrics).metrics.filter(({ kind }) => kind === 'sum')
  t.equal(sum?.temporality, 'cumulative')
  it.answer('PushTelemetry', refusal(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID))
  await it.pass(INTERVAL_MS + 7500)
  t.equal(it.lastTotal, 8, 'delta again: all since the beginning')
})

t.test('what is larger than accepted is not sent, and asked about after an interval', async (t) => {
  const it = new World()
  it.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, telemetryMaxBytes: 10 })
  it.open()
  it.requestsSent = 3
  await it.pass(7500 + INTERVAL_MS + 7500)
  t.equal(it.lastTotal, 3)
  t.strictSame(it.seen(), ['get@0', 'get@17500', 'push@25000'])
})

t.test('the limit counts what is compressed', async (t) => {
  const it = new World()
  const zipped = { acceptedCompressionTypes: [1], telemetryMaxBytes: 1500 }
  it.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, ...zipped })
  it.open()
  await it.pass(7500)
  t.equal(it.lastPush.compressionType, 1)
  t.ok(it.lastPush.metrics.length <= 1500)
})

t.test('the last push, and never more than a second', async (t) => {
  const it = new World()
  it.open()
  await it.pass(7500)
  it.answer('PushTelemetry', 'never')
  it.requestsSent = 2
  let isOver = false
  void it.reporter.terminate(60_000)?.then(() => (isOver = true))
  await it.pass(999)
  t.equal(it.lastPush.terminating, true)
  t.equal(it.lastTotal, 2)
  t.equal(isOver, false)
  await it.pass(1)
  t.equal(isOver, true)
  it.reporter.close()
  t.equal(it.clock.timerCount, 0)
})

t.test('the last push ends with its answer, and is sent behind one under way', async (t) => {
  const it = new World()
  it.open()
  it.answer('PushTelemetry', 'never')
  await it.pass(7500)
  const last = it.reporter.terminate(60_000)
  t.not(last, null)
  await last
  t.strictSame(it.seen(), ['get@0', 'push@7500', 'push@7500'])
  t.equal(it.clock.timerCount, 0)
})

t.test('there is no last push where nothing was asked for, or there is no time', async (t) => {
  const silent = new World()
  t.equal(silent.reporter.terminate(1000), null, 'no broker')
  const asked = new World()
  asked.open()
  t.equal(asked.reporter.terminate(1000), null, 'no subscription yet')
  const none = new World()
  none.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, requestedMetrics: [] })
  none.open()
  await none.pass(1)
  t.equal(none.reporter.terminate(1000), null, 'nothing wanted')
  const late = new World()
  late.open()
  await late.pass(1)
  t.equal(late.reporter.terminate(0), null, 'no time left')
  for (const it of [silent, asked, none, late]) {
    await it.pass(FIVE_MINUTES_MS)
    t.notOk(it.seen().some((line) => line.startsWith('push')))
    t.equal(it.clock.timerCount, 0)
  }
})

t.test('an answer that comes after the end changes nothing', async (t) => {
  let answer: (response: object) => void = () => {}
  const it = new World({
    ask: () => new Promise((resolve) => (answer = resolve as typeof answer)),
  })
  it.open()
  await it.pass(0)
  it.reporter.close()
  answer(SUBSCRIPTION)
  await it.pass(0)
  t.equal(it.clock.timerCount, 0)
  await t.rejects(it.reporter.clientInstanceId(0), { code: 'ERR_OTTLA_CLOSED' })
})

t.test('the client instance id: waited for, and in vain', async (t) => {
  const it = new World()
  const early = it.reporter.clientInstanceId(1000)
  it.open()
  await it.pass(0)
  t.equal(await early, ID)
  t.equal(await it.reporter.clientInstanceId(0), ID)
  const alone = new World()
  const vain = alone.reporter.clientInstanceId(1000)
  const isRejected = t.rejects(vain, {
    code: 'ERR_OTTLA_TIMEOUT',
    message: /within 1000 ms: no broker connected to so far offers client telemetry/,
  })
  await alone.pass(1000)
  await isRejected
})

t.test('who waits for the id hears at once that none will come', async (t) => {
  const it = new World()
  it.answer('GetTelemetrySubscriptions', refused(ErrorCodes.INVALID_REQUEST))
  const waiting = t.rejects(it.reporter.clientInstanceId(60_000), { message: /^INVALID_REQUEST/ })
  it.open()
  await it.pass(0)
  await waiting
  t.equal(it.clock.timerCount, 0)
  const other = new World()
  const closed = t.rejects(other.reporter.clientInstanceId(60_000), { code: 'ERR_OTTLA_CLOSED' })
  other.reporter.close()
  await closed
})

t.test('a broker that gives no id is left alone', async (t) => {
  const it = new World()
  it.answer('GetTelemetrySubscriptions', { ...SUBSCRIPTION, clientInstanceId: ZERO_UUID })
  it.open()
  await it.pass(FIVE_MINUTES_MS)
  t.strictSame(it.seen(), ['get@0'])
})

t.test('a defect of ours ends telemetry, and nothing else', async (t) => {
  const it = new World({
    metrics: () => {
      throw new Error('oops')
    },
  })
  it.open()
  await it.pass(FIVE_MINUTES_MS)
  t.strictSame(it.seen(), ['get@0'])
  t.ok(it.log.some((line) => line.startsWith('error')))
})

t.test('one line when metrics begin to be pushed', async (t) => {
  const it = new World()
  it.answer('PushTelemetry', refusal(ErrorCodes.UNKNOWN_SUBSCRIPTION_ID))
  it.open()
  await it.pass(60_000)
  t.equal(it.log.length, 1)
  t.match(it.log[0], /^info the cluster asks for metrics/)
})
