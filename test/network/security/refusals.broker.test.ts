/**
 * Each thing that can be wrong at a guarded door has an error of its own, and it reaches both
 * `connect` and a `send` that waits. How long that took is told, and not judged: machines are busy.
 *
 * Neighbours: refusals.ts has the list.
 */
import type { Test } from 'tap'
import {
  AuthenticationError,
  OttlaError,
  Producer,
  TimeoutError,
  TopicUnavailableError,
} from '../../../src/index.js'
import { securedTest } from '../../broker/secured/secured-test.js'
import type { Door } from './doors.js'
import { deadAddress, RefusalWorld } from './refusal-world.js'
import { hasWords, REFUSALS, type Refusal } from './refusals.js'

/** What may pass is waited for no longer. */
const SHORT_BLOCK_MS = 700
/** What is told at once is told before that, on a busy machine too. */
const LONG_BLOCK_MS = 15_000

/** The error of a promise that must have one. */
async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
  return outcome instanceof Error ? outcome : new Error(`it ${String(outcome)}`)
}

function isAsListed(t: Test, error: unknown, { error: name, code, says, cause }: Refusal): void {
  if (!(error instanceof OttlaError)) {
    t.fail(`${cause}: ${String(error)}`)
    return
  }
  t.equal(error.name, name, cause)
  t.equal(error.code, code, `${cause}: ${error.message}`)
  t.ok(hasWords(error.message, says), `${cause}: ${error.message}`)
}

async function tryToConnect(t: Test, refusal: Refusal, door: Door): Promise<void> {
  const startedMs = performance.now()
  const mayPass = refusal.telling === 'after maxBlockMs'
  const producer = new Producer({ ...door, maxBlockMs: mayPass ? SHORT_BLOCK_MS : LONG_BLOCK_MS })
  const error = await failureOf(producer.connect())
  const tookMs = Math.round(performance.now() - startedMs)
  await producer.close({ timeoutMs: 0 })
  t.comment(`${refusal.cause}: ${tookMs} ms; ${error.message}`)
  if (mayPass) t.ok(error instanceof TimeoutError, `${refusal.cause}: ${error.name}`)
  isAsListed(t, mayPass ? error.cause : error, refusal)
}

async function tryToSend(t: Test, refusal: Refusal, door: Door): Promise<void> {
  const mayPass = refusal.telling === 'after maxBlockMs'
  const producer = new Producer({ ...door, maxBlockMs: mayPass ? SHORT_BLOCK_MS : LONG_BLOCK_MS })
  const error = await failureOf(producer.send({ topic: 'nowhere', value: 'x' }))
  await producer.close({ timeoutMs: 0 })
  const isRefusal = refusal.error === 'AuthenticationError'
  const expected = isRefusal ? AuthenticationError : TopicUnavailableError
  t.ok(error instanceof expected, `${refusal.cause}, send: ${error.name} ${error.message}`)
  isAsListed(t, isRefusal ? error : error.cause, refusal)
}

await securedTest('what is wrong has its own error', async (t, kafka) => {
  const world = await RefusalWorld.start(kafka)
  t.teardown(() => world.close())
  for (const refusal of REFUSALS) {
    const door = await refusal.open(world)
    if (door === undefined) {
      t.comment(`${refusal.cause}: not with Kafka ${kafka.version}`)
    } else if (refusal.telling === 'constructor') {
      isAsListed(t, await failureOf(new Promise(() => new Producer(door))), refusal)
    } else {
      await tryToConnect(t, refusal, door)
      await tryToSend(t, refusal, door)
    }
  }
})

await securedTest('one address is dead, the other refuses: told at once', async (t, kafka) => {
  const { alice } = kafka.users
  const brokers = [await deadAddress(), kafka.listener('SASL_SSL'), await deadAddress()]
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const) {
    const producer = new Producer({
      brokers,
      tls: { ca: { path: kafka.keys.caPath } },
      sasl: { mechanism, username: alice.name, password: 'wrong' },
    })
    const failures = await Promise.all([
      failureOf(producer.connect()),
      failureOf(producer.send({ topic: 'nowhere', value: 'x' })),
    ])
    for (const error of failures) t.ok(error instanceof AuthenticationError, error.message)
    await producer.close({ timeoutMs: 0 })
  }
})
