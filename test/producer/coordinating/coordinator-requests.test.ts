/** Questions to a coordinator, asked until there is a decision, on a manual clock. */
import t from 'tap'
import { BrokerError, ConnectionError, TimeoutError, type OttlaError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/logger.js'
import type { Connection } from '../../../src/network/connection/connection.js'
import type {
  AskOptions,
  ControlAnswer,
  ControlTarget,
} from '../../../src/network/control/control-question.js'
import { CoordinatorRequests } from '../../../src/producer/coordinating/coordinator-requests.js'
import type { TransactionRequest } from '../../../src/producer/coordinating/transaction-verdict.js'
import type { Api } from '../../../src/protocol/api.js'
import { errorCode } from '../../../src/protocol/error-codes.js'
import { endTxn, type EndTxnResponse } from '../../../src/protocol/messages/end-txn.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { ManualClock } from '../../support/manual-clock.js'

const TARGET = { coordinator: 'tx', type: 'transaction' } as const
const BACKOFF_MS = 100

const phases = (phase: ConnectionError['phase']): ConnectionError =>
  new ConnectionError('lost', { host: 'a', port: 1, phase })

function brokerError(apiName: string, code: number): BrokerError {
  const { name: errorName, retriable } = errorCode(code)
  return new BrokerError(errorName, { apiName, errorCode: code, errorName, retriable })
}

/** A control plane that answers with codes and errors, in turn; the last one for ever. */
function setUp(...script: (number | OttlaError)[]) {
  const clock = new ManualClock()
  const asked: number[] = []
  const control = {
    async ask<Request, Response>(
      api: Api<Request, Response>,
      _request: Request,
      target: ControlTarget,
      options: AskOptions<Response> = {},
    ): Promise<ControlAnswer<Response>> {
      t.strictSame(target, TARGET)
      asked.push(clock.monotonicMs())
      const step = script.length > 1 ? script.shift() : script[0]
      if (typeof step !== 'number') throw step as OttlaError
      const response = { throttleTimeMs: 0, errorCode: step, producerId: 7n, producerEpoch: 1 }
      const connection = { api } as unknown as Connection
      options.check?.(response as Response, connection)
      return { connection, response: response as Response, tookMs: 1 }
    },
  }
  const parts = { control, clock, logger: silentLogger }
  const backoff = { initialMs: BACKOFF_MS, maxMs: 1000 }
  const requests = new CoordinatorRequests({ ...parts, random: () => 0.5, backoff })
  let isWanted = true
  const ask = (name: TransactionRequest = 'EndTxn (commit)', isFirst = false) =>
    requests.ask<object, EndTxnResponse>({
      name,
      api: name === 'InitProducerId' ? initProducerId : endTxn,
      request: {},
      target: TARGET,
      isFirst,
      codesOf: ({ errorCode }) => [errorCode],
      isWanted: () => isWanted,
    })
  return { clock, asked, requests, ask, lose: () => (isWanted = false) }
}

t.test('a decision is an answer at once', async (t) => {
  for (const [code, action] of [[0, 'done'], [120, 'abort'], [90, 'fenced'], [49, 'fatal']] as const) {
    const { ask, requests, clock } = setUp(code)
    const answer = await ask()
    t.match(answer, { kind: 'decided', verdict: { action }, mayHaveActed: false })
    t.match(answer, { response: { errorCode: code }, error: code === 0 ? null : { errorCode: code } })
    t.equal(requests.lastError, null)
    t.equal(clock.timerCount, 0)
  }
}) // prettier-ignore

t.test('what is refused for the moment is asked again, after a pause that grows', async (t) => {
  const { ask, asked, clock, requests } = setUp(14, 14, 14, 0)
  const answer = ask()
  await clock.settle()
  t.match(requests.lastError, { errorCode: 14 })
  await clock.advanceSettled(5000)
  t.match(await answer, { verdict: { action: 'done' }, mayArriveLate: false })
  const [first = 0, second = 0, third = 0, fourth = 0] = asked
  t.equal(asked.length, 4)
  t.ok(second - first >= BACKOFF_MS * 0.8 && third - second > second - first, asked.join())
  t.ok(fourth - third > third - second)
  t.equal(requests.lastError, null)
  t.equal(clock.timerCount, 0)
})

t.test('while an earlier transaction ends the pauses grow to 20 ms, and no more', async (t) => {
  const { ask, asked, clock } = setUp(51, 51, 51, 51, 51, 51, 0)
  const answer = ask()
  await clock.advanceSettled(5000)
  t.match(await answer, { verdict: { action: 'done' } })
  t.strictSame(asked.map((ms, i) => ms - (asked[i - 1] ?? ms)), [0, 2, 4, 8, 16, 20, 20])
}) // prettier-ignore

t.test('who is refused for the moment may have been served, but for codes that are certain', async (t) => {
  for (const [code, mayHaveActed] of [[14, true], [7, true], [13, true], [20, true], [56, true], [51, false], [89, false]] as const) {
    const { ask, clock } = setUp(code, 90)
    const answer = ask()
    await clock.advanceSettled(1000)
    t.match(await answer, { verdict: { action: 'fenced' }, mayHaveActed, mayArriveLate: false }, `${code}`)
  }
}) // prettier-ignore

t.test('another coordinator is looked for, and the refused one may have acted', async (t) => {
  for (const code of [15, 16]) {
    const { ask, asked, clock } = setUp(code, 0)
    const answer = ask()
    await clock.advanceSettled(1000)
    t.match(await answer, { verdict: { action: 'done' }, mayHaveActed: true, mayArriveLate: false })
    t.equal(asked.length, 2)
  }
})

t.test('a lost answer leaves open whether the request was carried out', async (t) => {
  for (const phase of ['request', 'idle', 'close'] as const) {
    const { ask, clock } = setUp(phases(phase), 47)
    const answer = ask()
    await clock.advanceSettled(1000)
    t.match(
      await answer,
      { verdict: { action: 'fenced' }, mayHaveActed: true, mayArriveLate: true },
      phase,
    )
  }
  const { ask, clock } = setUp(new TimeoutError('late'), 0)
  const answer = ask()
  await clock.advanceSettled(1000)
  t.match(await answer, { mayHaveActed: true })
})

t.test('a request that never left was not carried out', async (t) => {
  for (const error of [
    phases('connect'),
    phases('handshake'),
    brokerError('FindCoordinator', 15),
  ]) {
    const { ask, clock } = setUp(error, 0)
    const answer = ask()
    await clock.advanceSettled(1000)
    t.match(await answer, { verdict: { action: 'done' }, mayHaveActed: false }, error.message)
  }
})

t.test('a refusal of the search decides, too', async (t) => {
  for (const [code, action] of [[53, 'fatal'], [30, 'abort'], [42, 'fatal']] as const) {
    const { ask } = setUp(brokerError('FindCoordinator', code))
    t.match(await ask(), { kind: 'decided', verdict: { action }, response: null, error: { errorCode: code } })
  }
  const { ask } = setUp(brokerError('FindCoordinator', 53))
  t.match(await ask('InitProducerId'), { verdict: { action: 'refuse' } }, 'it may be granted yet')
}) // prettier-ignore

t.test('the first question is refused by an error that will not pass; later ones go on', async (t) => {
  const wrong = phases('authenticate')
  Object.defineProperty(wrong, 'retriable', { value: false })
  const init = setUp(wrong)
  t.match(await init.ask('InitProducerId', true), { kind: 'decided', verdict: { action: 'refuse' }, response: null })
  const end = setUp(wrong, 0)
  const answer = end.ask('InitProducerId')
  await end.clock.advanceSettled(1000)
  t.match(await answer, { verdict: { action: 'done' } })
}) // prettier-ignore

t.test('nobody wants to know any more', async (t) => {
  const { ask, asked, clock, lose, requests } = setUp(51)
  const answer = ask()
  await clock.settle()
  lose()
  requests.wake()
  t.match(await answer, { kind: 'stopped', mayHaveActed: false })
  t.equal(asked.length, 1)
  t.equal(clock.timerCount, 0)
})

t.test('closed, pauses end and nothing is asked again', async (t) => {
  const { ask, asked, clock, requests } = setUp(phases('request'))
  const answers = [ask(), ask()]
  await clock.settle()
  requests.close()
  t.strictSame(await Promise.all(answers), [
    { kind: 'stopped', mayHaveActed: true, mayArriveLate: true },
    { kind: 'stopped', mayHaveActed: true, mayArriveLate: true },
  ])
  t.match(await ask(), { kind: 'stopped', mayHaveActed: false })
  t.equal(asked.length, 2)
  t.equal(clock.timerCount, 0)
})

t.test('of several codes the worst one decides, and one that says nothing never', async (t) => {
  const cases: [number[], string, number][] = [
    [[0, 0], 'done', 0],
    [[0, 51, 14], 'retry', 51],
    [[55, 29, 55], 'abort', 29],
    [[55, 55], 'abort', 55],
    [[29, 49], 'fatal', 49],
    [[51, 16], 'find coordinator', 16],
    [[47, 29], 'fenced', 47],
    [[], 'done', 0],
  ]
  for (const [codes, action, expected] of cases) {
    const { requests, lose, clock } = setUp(0)
    const answer = requests.ask<object, EndTxnResponse>({
      name: 'AddPartitionsToTxn',
      api: endTxn,
      request: {},
      target: TARGET,
      codesOf: () => codes,
      isWanted: () => true,
    })
    await clock.settle()
    lose()
    if (action === 'retry' || action === 'find coordinator') {
      t.match(requests.lastError, { errorCode: expected })
      requests.close()
      t.match(await answer, { kind: 'stopped' })
      continue
    }
    const error = expected === 0 ? null : { errorCode: expected }
    t.match(await answer, { verdict: { action }, error }, codes.join())
  }
})
