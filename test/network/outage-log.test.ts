/** One line when an outage begins, one when it is over; of each kind of error one, and no more. */
import t from 'tap'
import {
  AuthenticationError,
  AuthorizationError,
  BrokerError,
  ConnectionError,
  type OttlaError,
} from '../../src/errors.js'
import { silentLogger, type LogFacts } from '../../src/logger.js'
import { errorKind } from '../../src/network/error-kind.js'
import { OutageLog } from '../../src/network/outage-log.js'
import { ManualClock } from '../support/manual-clock.js'

const WHERE = { host: 'a', port: 1 }
const AWAY = new ConnectionError('away', { ...WHERE, phase: 'connect' })
const CUT = new ConnectionError('cut short', { ...WHERE, phase: 'tls', retriable: true })
const UNTRUSTED = new ConnectionError('untrusted', { ...WHERE, phase: 'tls', retriable: false })
const REFUSED = new AuthenticationError('refused', {
  ...WHERE,
  mechanism: 'PLAIN',
  retriable: true,
})

const ofSeveral = (...errors: Error[]): ConnectionError =>
  new ConnectionError('nobody', { ...WHERE, phase: 'connect', cause: new AggregateError(errors) })

t.test("a user's errors are looked at, in a circle or thousands of them", async (t) => {
  const circle = new AggregateError([])
  circle.errors.push(circle, new ConnectionError('in it', { ...WHERE, phase: 'tls', cause: circle }))
  const wide = new AggregateError(Array<Error>(1_000_000).fill(AWAY))
  let deep: Error = AWAY
  for (let i = 0; i < 20_000; i++) deep = new AggregateError([deep])
  const odd = Object.assign(new AggregateError([]), { errors: 7 })
  for (const cause of [circle, wide, deep, odd]) {
    const error = new ConnectionError('ours', { ...WHERE, phase: 'connect', cause })
    t.equal(errorKind(error), 'other')
  }
  t.equal(errorKind(ofSeveral(circle, REFUSED)), 'login')
}) // prettier-ignore

function setUp(patienceMs = 0) {
  const clock = new ManualClock()
  const told: string[] = []
  const logger = {
    ...silentLogger,
    warn: ({ err }: LogFacts) => void told.push(`warn ${(err as Error).message}`),
    info: ({ outageMs }: LogFacts) => void told.push(`over after ${outageMs}`),
  }
  const outage = new OutageLog({ clock, logger }, {}, patienceMs)
  const fail = (error: OttlaError, sinceMs?: number): void => {
    outage.failed(error, 'lost', sinceMs)
  }
  return { clock, told, outage, fail }
}

t.test(
  'kinds that somebody has to mend, in other words and at one of several addresses',
  async (t) => {
    const permission = { apiName: 'Metadata', errorCode: 31, retriable: false }
    const forbidden = new BrokerError('no', {
      ...permission,
      errorName: 'CLUSTER_AUTHORIZATION_FAILED',
    })
    const resource = { operation: 'Write', resourceType: 'Cluster', resourceName: 'x' } as const
    for (const [error, kind] of [
      [AWAY, 'other'],
      [CUT, 'other'],
      [ofSeveral(AWAY, CUT), 'other'],
      [REFUSED, 'login'],
      [ofSeveral(AWAY, REFUSED), 'login'],
      [UNTRUSTED, 'tls'],
      [ofSeveral(AWAY, UNTRUSTED), 'tls'],
      [forbidden, 'permission'],
      [new AuthorizationError('no', resource), 'permission'],
      [new Error('of a user'), 'other'],
    ] as const) {
      t.equal(errorKind(error), kind, error.message)
    }
  },
)

t.test('each kind has one warning in an outage, and again in the next', async (t) => {
  const { told, outage, fail } = setUp()
  for (let i = 0; i < 3; i++) for (const error of [AWAY, REFUSED, CUT, UNTRUSTED]) fail(error)
  t.strictSame(told, ['warn away', 'warn refused', 'warn untrusted'])
  t.equal(outage.error, UNTRUSTED)
  t.equal(outage.over('back'), true)
  t.equal(outage.over('back'), false)
  t.equal(outage.error, null)
  fail(CUT)
  t.strictSame(told.slice(3), ['over after 0', 'warn cut short'])
})

t.test(
  'what is over in time is no news; what lasts is told from its first attempt on',
  async (t) => {
    const { clock, told, outage, fail } = setUp(3000)
    fail(AWAY)
    clock.advance(2999)
    fail(AWAY)
    t.equal(outage.over('back'), false)
    t.strictSame(told, [])
    clock.advance(5000)
    fail(AWAY, clock.monotonicMs() - 4000)
    outage.over('back', clock.monotonicMs())
    t.strictSame(told, ['warn away', 'over after 4000'])
  },
)

t.test('what nobody has tried again since is another outage', async (t) => {
  const { clock, told, outage, fail } = setUp(3000)
  fail(AWAY)
  clock.advance(60_000)
  fail(AWAY)
  t.strictSame(told, [], 'the first may have been over long since')
  clock.advance(3000)
  fail(AWAY)
  outage.over('back')
  t.strictSame(told, ['warn away', 'over after 3000'])
})
