import t from 'tap'
import { NO_OBSERVER, type Observer } from '../../src/producer/observer.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { observerOf } from '../../src/producer/observing/observers.js'
import { SendingRig } from './support/sending.js'

/** Notes what it is told, in order. */
function noting(): { observer: Observer; told: string[] } {
  const told: string[] = []
  const observer: Observer = {
    ...NO_OBSERVER,
    requestSent: ({ nodeId, sizeBytes }) => void told.push(`sent to ${nodeId}, ${sizeBytes > 0}`),
    requestAnswered: (request, nowMs) => void told.push(`answered after ${nowMs - request.sentAtMs} ms`),
    answerLost: () => void told.push('answer lost'),
    throttled: (nodeId, pauseMs) => void told.push(`${nodeId} throttles for ${pauseMs} ms`),
    batchAcknowledged: ({ recordCount }) => void told.push(`${recordCount} acknowledged`),
    batchFailed: ({ recordCount }) => void told.push(`${recordCount} failed`),
    batchSplit: ({ recordCount }) => void told.push(`${recordCount} split`),
  }
  return { observer, told }
} // prettier-ignore

t.test('an observer is told of requests, answers and batches, in their order', async (t) => {
  const { observer, told } = noting()
  const rig = new SendingRig({ observer })
  rig.send('a')
  rig.clock.advance(7)
  rig.sent()[0]?.answer({}, { throttleTimeMs: 50 })
  t.strictSame(told.splice(0), [
    'sent to 1, true',
    'answered after 7 ms',
    '1 throttles for 50 ms',
    '1 acknowledged',
  ])
})

t.test('and of what goes wrong', async (t) => {
  const { observer, told } = noting()
  const rig = new SendingRig({ observer })
  rig.send('a')
  rig.sent()[0]?.lose()
  rig.clock.advance(100)
  rig.sent()[1]?.answer({ 0: ErrorCodes.INVALID_RECORD })
  t.strictSame(told.splice(0), [
    'sent to 1, true',
    'answer lost',
    'sent to 1, true',
    'answered after 0 ms',
    '1 failed',
  ])
  rig.take('b')
  rig.take('c')
  rig.queue().closeOpen()
  rig.queue().schedule()
  rig.run()
  rig.sent()[2]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
  t.equal(told.at(-1), '2 split')
})

t.test('an observer is told how large a request is', async (t) => {
  const sizes: [number, number][] = []
  const observer: Observer = {
    ...NO_OBSERVER,
    requestSent: ({ sizeBytes, frameBytes }) => void sizes.push([sizeBytes, frameBytes]),
  }
  const rig = new SendingRig({ observer })
  rig.send('a')
  const [[batchBytes, requestBytes] = [0, 0]] = sizes
  t.ok(requestBytes > batchBytes && requestBytes < batchBytes + 100, `${requestBytes} bytes`)
})

t.test('of several observers each is told everything, in its turn', async (t) => {
  const told: string[] = []
  const observerNamed = (name: string): Observer => {
    const names = Object.keys(NO_OBSERVER) as (keyof Observer)[]
    const tell = (method: string) => (): void => void told.push(`${name} ${method}`)
    return Object.fromEntries(names.map((method) => [method, tell(method)])) as never
  }
  const both = observerOf(observerNamed('a'), observerNamed('b'))
  for (const method of Object.keys(NO_OBSERVER)) {
    ;(both[method as keyof Observer] as () => void)()
    t.strictSame(told.splice(0), [`a ${method}`, `b ${method}`])
  }
})

t.test('one observer stands for itself', async (t) => {
  t.equal(observerOf(NO_OBSERVER), NO_OBSERVER)
})
