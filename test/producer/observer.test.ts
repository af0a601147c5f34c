import t from 'tap'
import { MetricsCounter } from '../../src/producer/metrics-counter.js'
import { NO_OBSERVER, type Observer } from '../../src/producer/observer.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
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

t.test('metrics count what an observer is told', async (t) => {
  const counter = new MetricsCounter()
  const rig = new SendingRig({ observer: counter })
  rig.send('a')
  rig.sent()[0]?.lose()
  rig.clock.advance(100)
  rig.sent()[1]?.answer()
  counter.compressed(1000, 250)
  t.match(counter.totals, {
    recordsAcknowledged: 1,
    recordsFailed: 0,
    requestsSent: 2,
    batchesSent: 2,
    batchesRetried: 1,
    batchesSplit: 0,
    answersLost: 1,
    compressionRatio: 0.25,
  })
  t.ok(counter.totals.bytesSent > 0)
})
