// First logins over an in-memory stream and a manual clock.
import t from 'tap'
import { AuthenticationError, ConnectionError, ProtocolError } from '../../../src/errors.js'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import { saslMechanism, type SaslOptions } from '../../../src/network/sasl/sasl-options.js'
import { BrokerPool } from '../../../src/network/brokers/broker-pool.js'
import { LoginWorld, TARGET, accept, refuse } from './login-world.js'
import { everythingOf, scramServer, testEnvironment } from './support.js'

async function failure(world: LoginWorld): Promise<unknown> {
  return await world.open().then(
    () => null,
    (error: unknown) => error,
  )
}

t.test('names the mechanism, then carries its messages until it has enough', async (t) => {
  const world = new LoginWorld()
  world.steps = (challenge) => (challenge === 'last' ? undefined : `to ${challenge ?? 'nothing'}`)
  const answers = ['more', 'last']
  world.script.authenticate = (request) => accept(request, 0, answers.shift())
  const connection = await world.open()
  t.equal(connection.isOpen, true)
  t.strictSame(world.events, ['handshake TEST', 'authenticate to nothing', 'authenticate to more'])
  connection.close(new ConnectionError('x', { host: 'x', port: 1, phase: 'close' }))
  t.equal(world.clock.timerCount, 0)
})

t.test('sends nothing of the mechanism before the broker has taken its name', async (t) => {
  const world = new LoginWorld()
  world.script.handshake = (request) =>
    request.reply(saslHandshake, { errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-256'] })
  const error = await failure(world)
  t.ok(error instanceof AuthenticationError)
  t.match(error, { code: 'ERR_OTTLA_SASL_MECHANISM', mechanism: 'TEST', retriable: false })
  t.match(String(error), /one:9092 .*TEST.*PLAIN, SCRAM-SHA-256.*sasl\.mechanism/)
  t.strictSame(world.events, ['handshake TEST'])
})

t.test('a refused login names mechanism, user and the words of the broker, cleaned', async (t) => {
  const world = new LoginWorld()
  world.script.authenticate = (request) =>
    refuse(request, 58, `no\u001b[2J such\nuser${'x'.repeat(9000)}`)
  const error = await failure(world)
  t.ok(error instanceof AuthenticationError)
  t.match(error, { code: 'ERR_OTTLA_AUTHENTICATION', user: 'alice', host: 'one', port: 9092 })
  t.match(
    String(error),
    /one:9092 refuses the login by TEST as "alice": the broker says "no \[2J such userx/,
  )
  t.notMatch(String(error), /secret/)
  t.ok(String(error).length < 800, 'and not more than a few hundred characters of them')
})

const LONG = `p4ss/"${'word'.repeat(150)}`
const TOKEN = `e30.e30.${'sign'.repeat(150)}`
const TOKENS: SaslOptions = { mechanism: 'OAUTHBEARER', token: () => ({ token: TOKEN }) }

t.test('a broker that repeats a secret is quoted without it', async (t) => {
  const cases: [SaslOptions, string][] = [
    [{ mechanism: 'PLAIN', username: 'alice', password: LONG }, LONG],
    [{ mechanism: 'PLAIN', username: 'alice', password: () => LONG }, LONG],
    [TOKENS, TOKEN],
  ]
  for (const [options, secret] of cases) {
    const sayings = [`no: ${secret}`, `${'x'.repeat(450)} ${secret}`, JSON.stringify({ secret })]
    for (const words of sayings) {
      const world = new LoginWorld(saslMechanism(options, testEnvironment()))
      world.script.authenticate = (request) => refuse(request, 58, words)
      const error = await failure(world)
      t.match(error, { name: 'AuthenticationError', message: /the broker says ".*\*\*\*/ })
      t.notMatch(everythingOf(error), /wordword|signsign/)
    }
  }
})

t.test('nor in the JSON by which it refuses a token', async (t) => {
  const world = new LoginWorld(saslMechanism(TOKENS, testEnvironment()))
  const answers = [JSON.stringify({ status: 'invalid_token', token: TOKEN })]
  world.script.authenticate = (request) => {
    const json = answers.shift()
    if (json === undefined) refuse(request, 58, 'no')
    else accept(request, 0, json)
  }
  const error = await failure(world)
  t.match(error, {
    message: /"no" \(the broker says \{"status":"invalid_token","token":"\*\*\*"\}/,
  })
  t.notMatch(everythingOf(error), /signsign/)
})

t.test('nor the HMAC of a delegation token, which the broker knows', async (t) => {
  const hmac = 'aG1hY2htYWM='
  const scram = { mechanism: 'SCRAM-SHA-256', username: 'id', password: hmac } as const
  const options = { ...scram, isDelegationToken: true }
  const final = `e=no ${hmac}\u2028`
  const world = new LoginWorld(saslMechanism(options, testEnvironment()))
  const server = scramServer('sha256', hmac)
  world.script.authenticate = (request, bytes) =>
    accept(request, 0, bytes.startsWith('n,') ? server.first(bytes) : final)
  t.match(await failure(world), {
    name: 'AuthenticationError',
    message: /one:9092 refused: no \*\*\*/,
  })
})

t.test('a login that has worked before is worth another try when it is refused', async (t) => {
  const world = new LoginWorld()
  const connection = await world.open()
  world.script.authenticate = (request) => refuse(request, 58)
  t.match(await failure(world), { code: 'ERR_OTTLA_AUTHENTICATION', retriable: true })
  connection.close(new ConnectionError('x', { host: 'x', port: 1, phase: 'close' }))
})

t.test('a listener without SASL is named as such', async (t) => {
  const world = new LoginWorld()
  world.script.handshake = (request) =>
    request.reply(saslHandshake, { errorCode: 34, mechanisms: [] })
  const error = await failure(world)
  t.ok(error instanceof ConnectionError)
  t.match(error, { code: 'ERR_OTTLA_SASL_NOT_EXPECTED', retriable: false, phase: 'authenticate' })
})

t.test('a stream that ends, or is silent, in a login is no refusal', async (t) => {
  const closing = new LoginWorld()
  closing.script.authenticate = (request) => request.peer.close()
  const closed = await failure(closing)
  t.ok(closed instanceof ConnectionError)
  t.match(closed, { phase: 'authenticate', retriable: true })
  t.equal(closing.context.network.dialled.length, 1, 'and not the fault of the versions asked in')

  const silent = new LoginWorld()
  silent.script.authenticate = () => {}
  const late = failure(silent)
  await silent.clock.advanceSettled(10_000)
  t.match(await late, { phase: 'authenticate', retriable: true })
  t.equal(silent.clock.timerCount, 0)
})

t.test('a login without end is given up after a few messages', async (t) => {
  const world = new LoginWorld()
  world.steps = () => 'more'
  t.ok((await failure(world)) instanceof ProtocolError)
  t.ok(world.events.length < 12, `${world.events.length} messages`)
})

t.test('one time limit covers dial, versions and login', async (t) => {
  const world = new LoginWorld()
  world.steps = async () => {
    await new Promise<void>((resolve) => world.clock.setTimer(resolve, 6_000))
    return 'more'
  }
  const late = failure(world)
  await world.clock.advanceSettled(12_000)
  t.match(await late, { phase: 'authenticate' })
})

t.test("a mechanism's refusal of the broker's proof closes the connection", async (t) => {
  const world = new LoginWorld()
  const proof = new AuthenticationError('the proof does not hold', {
    host: 'one', port: 9092, mechanism: 'TEST',
  }) // prettier-ignore
  world.steps = (challenge) => {
    if (challenge !== undefined) throw proof
    return 'secret'
  }
  t.equal(await failure(world), proof)
  t.equal(world.context.network.openPeers.length, 0)
})

t.test('refused again and again, it asks less and less often, and recovers', async (t) => {
  const world = new LoginWorld()
  const pool = new BrokerPool({
    ...world.context,
    listener: { onReady: () => {}, onWritable: () => {}, onLost: () => void pool.ensure(7) },
  })
  pool.updateBrokers([{ ...TARGET, rack: null }])
  pool.ensure(7)
  await world.clock.settle()
  t.ok(pool.connection(7), 'a login has worked')
  world.script.authenticate = (request) => refuse(request, 58)
  world.events.length = 0
  pool.drop(7, new ConnectionError('gone', { host: 'one', port: 9092, phase: 'request' }))
  await world.clock.advanceSettled(60_000)
  const logins = world.events.filter((event) => event.startsWith('authenticate')).length
  t.ok(logins >= 6 && logins <= 12, `${logins} logins in a minute`)
  delete world.script.authenticate
  await world.clock.advanceSettled(12_000)
  t.ok(pool.connection(7), 'and takes up again within ten seconds')
  pool.close()
  t.equal(world.clock.timerCount, 0)
})

t.test('a broker that drips its answer byte by byte is given up in time', async (t) => {
  for (const what of ['handshake', 'authenticate'] as const) {
    const world = new LoginWorld()
    world.script[what] = ({ peer }) => {
      const size = Buffer.from([0, 0, 1, 0]) // 256 bytes, one each second: never idle, never done
      const drip = (): void => {
        peer.send(Buffer.from([0]))
        world.clock.setTimer(drip, 1_000, { keepAlive: false })
      }
      peer.send(size)
      drip()
    }
    const late = failure(world)
    await world.clock.advanceSettled(10_000)
    t.match(await late, { name: 'ConnectionError', phase: 'authenticate' }, what)
    t.equal(world.context.network.openPeers.length, 0, 'the whole login has ten seconds')
  }
})
