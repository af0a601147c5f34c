// Whom the control plane asks: any broker that answers, or one and nobody else.
import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { formatAddress } from '../../../src/network/address.js'
import { ControlPlane } from '../../../src/network/control/control-plane.js'
import type { NetworkOptions } from '../../../src/network/options.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { findCoordinator } from '../../../src/protocol/messages/find-coordinator.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { testContext } from '../support/context.js'
import {
  ALL_VERSIONS,
  replyVersions,
  splitRequests,
  transactionVersion,
} from '../support/scripted-broker.js'
import type { ReceivedRequest } from '../support/scripted-broker.js'
import { BOOT, ONE, TWO } from '../support/metadata-world.js'

const ANY_ID = {
  transactionalId: null,
  transactionTimeoutMs: 1,
  producerId: -1n,
  producerEpoch: -1,
}

const TX = { coordinator: 'tx', type: 'transaction' } as const

/** Brokers that answer with an error code, NONE by default; 'silent': never. */
function setUp(options: Partial<NetworkOptions> = {}, highestFindCoordinator = 6) {
  const context = testContext(options)
  const asked: string[] = []
  const codes = new Map<string, number | 'silent'>()
  const finder = { apiKey: findCoordinator.key, minVersion: 0, maxVersion: highestFindCoordinator }
  const versions: number[] = []
  let failures = 0
  /** What FindCoordinator tells. */
  const found = { ...TWO, errorCode: 0, errorMessage: null, times: 1 }
  const answer = (text: string, request: ReceivedRequest): void => {
    if (request.apiKey === apiVersions.key) {
      return replyVersions(request, [...ALL_VERSIONS, finder], 0, transactionVersion(2, 1n))
    }
    asked.push(request.apiKey === findCoordinator.key ? `${text} for the coordinator` : text)
    if (request.apiKey === findCoordinator.key) {
      const { keyType, coordinatorKeys } = request.decode(findCoordinator)
      const [key = ''] = coordinatorKeys
      versions.push(request.version)
      const errorCode = key === 'tx' && keyType === 1 ? found.errorCode : 42
      const coordinators = Array.from({ length: found.times }, () => ({ key, ...found, errorCode }))
      return request.reply(findCoordinator, { throttleTimeMs: 0, coordinators })
    }
    const errorCode = codes.get(text) ?? ErrorCodes.NONE
    if (errorCode === 'silent') return
    request.reply(initProducerId, { throttleTimeMs: 0, errorCode, producerId: 7n, producerEpoch: 0 }) // prettier-ignore
  }
  for (const address of [BOOT, ONE, TWO]) {
    const text = formatAddress(address)
    context.network.listen(address, (peer) => {
      peer.onBytes = splitRequests(peer, (request) => answer(text, request))
    })
  }
  const control = new ControlPlane({ ...context, listener: { onFailure: () => failures++ } })
  control.brokers.set([ONE, TWO])
  t.teardown(() => control.close())
  const { clock, network, features } = context
  return {
    control,
    features,
    asked,
    codes,
    found,
    versions,
    clock,
    network,
    failures: () => failures,
  }
}

t.test('any broker: the first that answers, and the same one next time', async (t) => {
  const { control, asked, network, failures } = setUp()
  for (let times = 0; times < 3; times++) {
    const { response, connection } = await control.ask(initProducerId, ANY_ID, 'any')
    t.equal(response.producerId, 7n)
    t.equal(connection.host, 'one')
  }
  t.strictSame(asked, ['one:9092', 'one:9092', 'one:9092'])
  t.equal(network.openPeers.length, 1)
  t.equal(failures(), 0)
})

t.test('any broker tells the features that the cluster has finalized', async (t) => {
  const { control, features } = setUp()
  t.equal(features.level('transaction.version'), 0)
  await control.ask(initProducerId, ANY_ID, 'any')
  t.equal(features.level('transaction.version'), 2)
})

t.test('a refusal for the moment is not the answer, one for good is', async (t) => {
  const { control, asked, codes, failures } = setUp()
  codes.set('one:9092', ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS)
  t.equal((await control.ask(initProducerId, ANY_ID, 'any')).connection.host, 'two')
  codes.set('two:9092', ErrorCodes.CLUSTER_AUTHORIZATION_FAILED)
  const refused = { name: 'BrokerError', errorName: 'CLUSTER_AUTHORIZATION_FAILED' }
  await t.rejects(control.ask(initProducerId, ANY_ID, 'any'), refused)
  t.strictSame(asked, ['one:9092', 'two:9092', 'two:9092'])
  t.equal(failures(), 1)
})

t.test('one broker: that one and nobody else, whoever has answered before', async (t) => {
  const { control, asked, codes, clock, failures } = setUp({ requestTimeoutMs: 3_000 })
  await control.ask(initProducerId, ANY_ID, 'any')
  t.equal((await control.ask(initProducerId, ANY_ID, { broker: 2 })).connection.host, 'two')
  codes.set('two:9092', ErrorCodes.NOT_COORDINATOR)
  const refused = { name: 'BrokerError', errorName: 'NOT_COORDINATOR', retriable: true }
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 2 }), refused)
  codes.set('two:9092', 'silent')
  const asking = control.ask(initProducerId, ANY_ID, { broker: 2 })
  const check = t.rejects(asking, { name: 'ConnectionError', message: /two:9092 within 3000 ms/ })
  await clock.advanceSettled(3_000)
  await check
  t.strictSame(asked, ['one:9092', 'two:9092', 'two:9092', 'two:9092'])
  t.equal(failures(), 2)
  await control.ask(initProducerId, ANY_ID, 'any')
  t.equal(asked.at(-1), 'one:9092', 'it goes first as before')
})

t.test('one broker: its connection stays while others rest', async (t) => {
  const { control, network } = setUp()
  await control.ask(initProducerId, ANY_ID, { broker: 2 })
  await control.ask(initProducerId, ANY_ID, 'any')
  control.rest()
  await control.ask(initProducerId, ANY_ID, { broker: 2 })
  t.strictSame(network.dialled, ['two:9092', 'one:9092'])
})

t.test('one broker: a time limit of its own, and a check of its answer', async (t) => {
  const { control, codes, clock } = setUp()
  const check = (): never => {
    throw new Error('of no use')
  }
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 1 }, { check }), { message: 'of no use' }) // prettier-ignore
  codes.set('one:9092', 'silent')
  const asking = control.ask(initProducerId, ANY_ID, { broker: 1 }, { timeoutMs: 700 })
  const late = t.rejects(asking, { message: /within 700 ms/ })
  await clock.advanceSettled(700)
  await late
})

t.test('a broker that the cluster does not list cannot be asked', async (t) => {
  const { control, network } = setUp()
  const unlisted = { name: 'ConnectionError', retriable: true, message: /lists no broker 5/ }
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 5 }), unlisted)
  control.startOver(new Error('over') as never)
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 1 }), { message: /no broker 1/ })
  t.strictSame(network.dialled, [])
})

t.test("an address that is no broker's any more is not spoken of", async (t) => {
  const { control, network } = setUp()
  network.unlisten(TWO)
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 2 }), { name: 'ConnectionError' })
  t.match(control.describeAttempts(), /^two:9092 \(/)
  control.brokers.set([ONE, { ...TWO, host: 'three' }])
  t.equal(control.describeAttempts(), '')
  t.equal(control.failure(), null)
  for (const address of [BOOT, ONE]) network.unlisten(address)
  const refused = await control.ask(initProducerId, ANY_ID, 'any').catch((error: unknown) => error)
  const named = (error: unknown): string[] | null =>
    String(error)
      .match(/\w+(?=:9092 \()/g)
      ?.sort() ?? null
  t.strictSame(named(refused), ['boot', 'one', 'three'])
  control.brokers.set([ONE])
  t.strictSame(named(control.failure()), ['boot', 'one'], 'what was given stays')
})

t.test('a coordinator: any broker is asked for it, once', async (t) => {
  const { control, asked, failures } = setUp()
  for (let times = 0; times < 2; times++) {
    t.equal((await control.ask(initProducerId, ANY_ID, TX)).connection.host, 'two')
  }
  t.strictSame(asked, ['one:9092 for the coordinator', 'two:9092', 'two:9092'])
  t.equal(failures(), 0)
})

for (const how of ['it says so', 'it is gone', 'another cluster is looked for'] as const) {
  t.test(`a coordinator that is another one by now is looked for anew: ${how}`, async (t) => {
    const { control, asked, codes, found, network } = setUp()
    await control.ask(initProducerId, ANY_ID, TX)
    Object.assign(found, ONE)
    if (how === 'it says so') {
      codes.set('two:9092', ErrorCodes.NOT_COORDINATOR)
      await t.rejects(control.ask(initProducerId, ANY_ID, TX), {
        name: 'BrokerError',
        errorName: 'NOT_COORDINATOR',
      })
    } else if (how === 'it is gone') {
      network.unlisten(TWO)
      for (const peer of network.openPeers) peer.close()
      await t.rejects(control.ask(initProducerId, ANY_ID, TX), { name: 'ConnectionError' })
    } else control.startOver(new Error('over') as never)
    t.equal((await control.ask(initProducerId, ANY_ID, TX)).connection.host, 'one')
    t.match(asked.at(-2), /for the coordinator/)
  })
}

for (const [highest, spoken] of [
  [1, 1],
  [3, 3],
  [4, 4],
  [6, 5],
] as const) {
  // prettier-ignore
  t.test(`a coordinator is asked for in v${spoken} where brokers speak up to v${highest}`, async (t) => {
    const { control, found, versions } = setUp({}, highest)
    found.errorCode = ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    const refused = { name: 'BrokerError', errorName: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' }
    await t.rejects(control.ask(initProducerId, ANY_ID, TX), refused)
    found.errorCode = ErrorCodes.NONE
    t.equal((await control.ask(initProducerId, ANY_ID, TX)).connection.host, 'two')
    t.strictSame(versions, [spoken, spoken])
  })
}

t.test('brokers that know groups only have no coordinator of transactions', async (t) => {
  const { control, versions } = setUp({}, 0)
  await t.rejects(control.ask(initProducerId, ANY_ID, TX), {
    ...{ name: 'ConnectionError', retriable: false },
    message: /FindCoordinator v0 cannot carry keyType = 1/,
  })
  t.strictSame(versions, [])
})

t.test('an answer that names no coordinator, or two, is none', async (t) => {
  const { control, found } = setUp()
  for (const times of [0, 2]) {
    found.times = times
    await t.rejects(control.ask(initProducerId, ANY_ID, TX), {
      ...{ name: 'ConnectionError', retriable: true },
      message: new RegExp(`names ${times} coordinators`),
    })
  }
})

t.test('an answer about another key, or with an id below 0, names no coordinator', async (t) => {
  const odd: [object, RegExp][] = [
    [{ key: 'other' }, /to FindCoordinator names the coordinator of "other", which was not asked/],
    [{ nodeId: -1 }, /it has the id -1, and ids are 0 and up/],
  ]
  for (const [change, message] of odd) {
    const { control, found, asked } = setUp()
    Object.assign(found, change)
    const refused = { name: 'ConnectionError', retriable: true, message }
    await t.rejects(control.ask(initProducerId, ANY_ID, TX), refused)
    t.ok(asked.every((question) => question.endsWith('for the coordinator')))
  }
})

t.test('a coordinator that refuses is the same one next time', async (t) => {
  const { control, asked, codes } = setUp()
  codes.set('two:9092', ErrorCodes.CONCURRENT_TRANSACTIONS)
  for (let times = 0; times < 2; times++) {
    await t.rejects(control.ask(initProducerId, ANY_ID, TX), {
      name: 'BrokerError',
      retriable: true,
    })
  }
  t.equal(asked.length, 3)
})

t.test('a coordinator that is not there yet, refused, or nowhere', async (t) => {
  const { control, asked, found } = setUp()
  found.errorCode = ErrorCodes.COORDINATOR_NOT_AVAILABLE
  const notYet = { name: 'BrokerError', errorName: 'COORDINATOR_NOT_AVAILABLE', retriable: true }
  await t.rejects(control.ask(initProducerId, ANY_ID, TX), notYet)
  t.equal(new Set(asked).size, 3, 'each broker was asked')
  found.errorCode = ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  await t.rejects(control.ask(initProducerId, ANY_ID, TX), {
    name: 'BrokerError',
    retriable: false,
  })
  Object.assign(found, { errorCode: 0, port: 0 })
  await t.rejects(control.ask(initProducerId, ANY_ID, TX), { message: /it has port 0/ })
  await t.rejects(control.ask(initProducerId, ANY_ID, { ...TX, type: 'group' }), {
    name: 'BrokerError',
    errorCode: 42,
  })
})

t.test('closed: whoever asks is told so, and nothing is left', async (t) => {
  const { control, codes, clock, network } = setUp()
  codes.set('one:9092', 'silent')
  codes.set('two:9092', 'silent')
  const asking = [
    control.ask(initProducerId, ANY_ID, 'any'),
    control.ask(initProducerId, ANY_ID, { broker: 2 }),
  ]
  const checks = asking.map((asked) => t.rejects(asked, { name: 'ClosedError' }))
  await clock.settle()
  control.close()
  await Promise.all(checks)
  await t.rejects(control.ask(initProducerId, ANY_ID, { broker: 1 }), { name: 'ClosedError' })
  await clock.settle()
  t.equal(network.openPeers.length, 0)
  t.equal(clock.timerCount, 0)
})
