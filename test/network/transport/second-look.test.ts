// What becomes of a listener that hangs up without a word: the cause where it can be found, else another try.
import t, { type Test } from 'tap'
import { ConnectionError } from '../../../src/errors.js'
import { ControlPlane } from '../../../src/network/control/control-plane.js'
import { MetadataCache } from '../../../src/network/metadata/metadata.js'
import type { NetworkContext } from '../../../src/network/context.js'
import type { Dial } from '../../../src/network/transport/transport.js'
import { metadata } from '../../../src/protocol/messages/metadata.js'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import { testContext, type TestContext } from '../support/context.js'
import { ALL_VERSIONS, replyVersions, splitRequests } from '../support/scripted-broker.js'

const BOOT = { host: 'boot', port: 9092 }
const VERSIONS = [...ALL_VERSIONS, { apiKey: saslHandshake.key, minVersion: 0, maxVersion: 1 }]

interface World {
  /** What a caller of `connect` is told, once it is. */
  readonly told: unknown[]
  readonly control: ControlPlane
  readonly cache: MetadataCache
}

function start(t: Test, context: TestContext, more: Partial<NetworkContext> = {}): World {
  const ignore = (): void => {}
  const listener = {
    ...{ onTopic: ignore, onTopicError: ignore, onLeader: ignore },
    ...{ onBrokers: ignore, onRebootstrap: ignore },
  }
  const parts = { ...context, ...more }
  const control = new ControlPlane({ ...parts, listener: { onFailure: ignore } })
  const cache = new MetadataCache({ ...parts, control, listener })
  const told: unknown[] = []
  cache.connect(60_000).catch((error: unknown) => told.push(error))
  t.teardown(() => (cache.close(), control.close()))
  return { told, control, cache }
}

/** Hangs up at Metadata; answers SaslHandshake with this code, or never. */
function hangsUp(context: TestContext, errorCode: number | undefined): void {
  context.network.listen(BOOT, (peer) => {
    peer.onBytes = splitRequests(peer, (request) => {
      if (request.apiKey === metadata.key) peer.close()
      else if (request.apiKey !== saslHandshake.key) replyVersions(request, VERSIONS)
      else if (errorCode !== undefined)
        request.reply(saslHandshake, { errorCode, mechanisms: ['PLAIN', 'SCRAM-SHA-256\n'] })
    })
  })
}

for (const errorCode of [0, 33]) {
  t.test(`a listener that answers SaslHandshake with ${errorCode} wants a login`, async (t) => {
    const context = testContext()
    hangsUp(context, errorCode)
    const { told } = start(t, context)
    await context.clock.settle()
    t.match(told, [{
      name: 'ConnectionError', code: 'ERR_OTTLA_SASL_EXPECTED', retriable: false,
      message: /boot:9092 is a listener that wants a login \(SASL\): set the option sasl; it takes PLAIN, SCRAM-SHA-256/,
    }]) // prettier-ignore
    t.strictSame(context.network.openPeers, [])
  })
}

t.test('a broker without SASL that hangs up is asked again', async (t) => {
  const context = testContext()
  hangsUp(context, 34)
  const { told, cache } = start(t, context)
  await context.clock.advanceSettled(5_000)
  t.strictSame(told, [])
  t.match(cache.failure(), { code: 'ERR_OTTLA_SILENT_REFUSAL', retriable: true })
  t.strictSame(context.network.openPeers, [])
})

t.test('with the option sasl a listener that hangs up is asked nothing more', async (t) => {
  const context = testContext()
  const login = { perform: () => Promise.resolve(undefined) }
  let shakenCount = 0
  context.network.listen(BOOT, (peer) => {
    peer.onBytes = splitRequests(peer, (request) => {
      if (request.apiKey === saslHandshake.key) shakenCount++
      if (request.apiKey === metadata.key) peer.close()
      else replyVersions(request, VERSIONS)
    })
  })
  const { told } = start(t, context, { login })
  await context.clock.advanceSettled(3_000)
  t.strictSame([told, shakenCount], [[], 0])
})

t.test('a second look that is never answered ends with the producer', async (t) => {
  const context = testContext()
  hangsUp(context, undefined)
  const { control, cache } = start(t, context)
  await context.clock.settle()
  t.equal(context.network.openPeers.length, 1)
  cache.close()
  control.close()
  await context.clock.settle()
  t.strictSame(context.network.openPeers, [])
  t.equal(context.clock.timerCount, 0)
})

/** TLS that is refused at its first words. */
const refusesTls: Dial = () => {
  const facts = { ...BOOT, phase: 'tls', code: 'ERR_OTTLA_TLS_PLAINTEXT_LISTENER' } as const
  return Promise.reject(new ConnectionError('it closed the connection', facts))
}

t.test('a listener that closes at TLS and speaks Kafka without is a plaintext one', async (t) => {
  const context = testContext()
  hangsUp(context, 34)
  const { told } = start(t, context, { dial: refusesTls, dialPlain: context.network.dial })
  await context.clock.settle()
  t.match(told, [{
    name: 'ConnectionError', code: 'ERR_OTTLA_TLS_PLAINTEXT_LISTENER', retriable: false,
    message: /boot:9092: it speaks Kafka's protocol without TLS/,
  }]) // prettier-ignore
  t.strictSame(context.network.openPeers, [])
})

t.test('a listener that closes at TLS and at all else may be on its way up', async (t) => {
  const context = testContext()
  const { told, cache } = start(t, context, { dial: refusesTls, dialPlain: context.network.dial })
  await context.clock.advanceSettled(5_000)
  t.strictSame(told, [])
  t.match(cache.failure(), { code: 'ERR_OTTLA_TLS_PLAINTEXT_LISTENER', retriable: true })
})
