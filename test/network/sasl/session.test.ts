// Later logins on the same connection (KIP-368), over an in-memory stream and a manual clock.
import t from 'tap'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import { ConnectionError } from '../../../src/errors.js'
import { LoginWorld, accept, refuse } from './login-world.js'

const LOGIN = ['handshake TEST', 'authenticate secret']
const REASON = new ConnectionError('closed by the test', { host: 'x', port: 1, phase: 'close' })

t.test('logs in again at 90 % of the session, again and again', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  await world.clock.advanceSettled(8_999)
  t.strictSame(world.events, [])
  await world.clock.advanceSettled(1)
  t.strictSame(world.events, [...LOGIN, 'writable'])
  await world.clock.advanceSettled(9_000)
  t.strictSame(world.events, [...LOGIN, 'writable', ...LOGIN, 'writable'])
  connection.close(REASON)
  t.equal(world.clock.timerCount, 0)
})

t.test('what is in flight is answered first, and what comes meanwhile waits', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  let login: () => void = () => {}
  world.script.authenticate = (request) => (login = () => accept(request, 10_000))
  world.ask(connection, 'before')
  await world.clock.advanceSettled(9_000)
  t.equal(connection.isWritable, false)
  world.ask(connection, 'meanwhile')
  await world.clock.settle()
  t.strictSame(world.events, ['writable', 'request'], 'drained first')
  await world.answer()
  t.strictSame(world.events.slice(2), ['answer before', ...LOGIN])
  world.ask(connection, 'later')
  await world.clock.settle()
  t.equal(world.requests.length, 0, 'nothing between handshake and last answer')
  login()
  await world.clock.settle()
  t.equal(world.requests.length, 2)
  await world.answer()
  await world.answer()
  t.strictSame(world.events.filter((event) => event.startsWith('answer')), ['answer before', 'answer meanwhile', 'answer later']) // prettier-ignore
  connection.close(REASON)
  t.equal(world.clock.timerCount, 0)
})

t.test('a session that is over when a request comes is renewed before it is sent', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  // The program was busy: time has passed and no timer has fired.
  const stopwatchMs = world.clock.stopwatchMs()
  world.clock.stopwatchMs = () => stopwatchMs + 11_000
  world.ask(connection, 'late')
  await world.clock.settle()
  t.strictSame(world.events.slice(0, 2), LOGIN)
  t.equal(world.events.includes('request'), true)
  connection.close(REASON)
})

t.test('a refused login closes the connection and fails what has waited', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  let answer: () => void = () => {}
  world.script.authenticate = (request) => (answer = () => refuse(request, 58, 'no longer'))
  await world.clock.advanceSettled(9_000)
  world.ask(connection, 'meanwhile')
  answer()
  await world.clock.settle()
  t.match(world.events.join('\n'), /failure meanwhile: .*refuses the login.*no longer/)
  t.match(world.events.at(-1) ?? '', /closed: .*refuses the login|failure meanwhile/)
  t.equal(connection.isOpen, false)
  t.equal(world.clock.timerCount, 0)
})

t.test('a broker that says "not yet" keeps the connection, and is asked again', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(30_000)
  let refusals = 1
  world.script.authenticate = (request) =>
    refusals-- > 0 ? refuse(request, 34) : accept(request, 30_000)
  await world.clock.advanceSettled(27_000)
  t.equal(connection.isWritable, true)
  await world.clock.advanceSettled(1_000)
  t.strictSame(world.events.filter((event) => event.startsWith('handshake')).length, 2)
  t.equal(connection.isOpen, true)
  connection.close(REASON)
})

t.test("while a user's function fails, the session is used to its end", async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(20_000)
  const { steps } = world
  world.steps = () => Promise.reject(new Error('the vault is sealed'))
  await world.clock.advanceSettled(18_500)
  t.strictSame(world.events, [])
  t.equal(connection.isWritable, true, 'nothing is held up for it')
  world.steps = steps
  await world.clock.advanceSettled(1_000)
  t.strictSame(world.events, [...LOGIN, 'writable'], 'and asked again each second')
  const [first, ...others] = world.logged.filter((line) => !line.startsWith('debug'))
  t.equal(first, 'warn cannot log in again yet; the session goes on until it ends')
  t.strictSame(others, ['info there are credentials again; logging in again'], 'told once')
  world.steps = () => Promise.reject(new Error('the vault is sealed'))
  await world.clock.advanceSettled(21_000)
  t.match(world.events.at(-1) ?? '', /closed: .*the vault is sealed/)
  t.equal(world.clock.timerCount, 0)
})

t.test('a session too short to be prolonged is used, and its connection replaced', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(740)
  world.ask(connection, 'one')
  await world.clock.advanceSettled(700)
  t.equal(connection.isOpen, false, 'it takes no more')
  t.equal(world.context.network.openPeers.length, 1, 'but gets its answer')
  await world.answer()
  t.match(world.events.slice(-2).join(), /answer one|closed/)
  t.equal(world.context.network.openPeers.length, 0)
  t.equal(world.clock.timerCount, 0)
})

t.test('no login follows within a second of the last', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(2_000)
  await world.clock.advanceSettled(1_500)
  t.strictSame(world.events, [])
  connection.close(REASON)
})

t.test('sessions that are endless, huge or negative', async (t) => {
  for (const lifetimeMs of [0, -5]) {
    const world = new LoginWorld()
    const connection = await world.openFor(lifetimeMs)
    await world.clock.advanceSettled(400_000)
    t.strictSame(world.events, [], `${lifetimeMs}`)
    connection.close(REASON)
  }
  const world = new LoginWorld()
  const connection = await world.openFor(2 ** 40)
  t.ok((world.clock.nextTimerMs ?? Infinity) < 2 ** 31, 'no timer beyond what timers can')
  connection.close(REASON)
})

t.test('a login is no use of a connection: it closes when nobody uses it', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(100_000)
  await world.clock.advanceSettled(541_000)
  t.equal(connection.isOpen, false)
  t.equal(world.events.filter((event) => event.startsWith('handshake')).length, 5 + 1)
  t.equal(world.clock.timerCount, 0)
})

t.test('closed while it logs in, it leaves nothing', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  world.script.authenticate = () => {}
  await world.clock.advanceSettled(9_000)
  world.ask(connection, 'meanwhile')
  connection.close(REASON)
  await world.clock.settle()
  t.match(world.events.join('\n'), /failure meanwhile: .*closed by the test/)
  t.equal(world.clock.timerCount, 0)
})

t.test('a login that is never answered closes the connection in time', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  world.script.authenticate = () => {}
  await world.clock.advanceSettled(9_000 + 10_000)
  t.equal(connection.isOpen, false)
  t.equal(world.clock.timerCount, 0)
})

t.test('a function that never answers holds nothing up, and is asked again', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(40_000)
  const { steps } = world
  world.steps = () => new Promise(() => {})
  await world.clock.advanceSettled(39_000)
  t.equal(connection.isWritable, true, 'until the session ends')
  await world.clock.advanceSettled(2_000)
  t.equal(connection.isWritable, false, 'after it nothing is sent')
  world.steps = steps
  await world.clock.advanceSettled(30_000)
  t.notOk(connection.isOpen && !connection.isWritable, 'and it does not stay so')
  connection.close(REASON)
  t.equal(world.clock.timerCount, 0)
})

t.test(
  '"not yet" to the handshake: what waits leaves after the answer to both messages',
  async (t) => {
    const world = new LoginWorld()
    const connection = await world.openFor(20_000)
    const kept: (() => void)[] = []
    world.script.handshake = (request) => {
      request.reply(saslHandshake, { errorCode: 34, mechanisms: [] })
    }
    world.script.authenticate = (request) => void kept.push(() => refuse(request, 34))
    await world.clock.advanceSettled(18_500)
    world.ask(connection, 'one')
    await world.clock.settle()
    t.notOk(world.events.includes('request'), world.events.join())
    kept[0]?.()
    await world.clock.settle()
    t.equal(world.events.at(-1), 'request')
    connection.close(REASON)
  },
)

for (const [lifetimeMs, what] of [
  [1_000, 'one too short to be prolonged has its connection replaced'],
  [1_999, 'the same'],
  [2_500, 'another one is begun'],
] as const) {
  t.test(`a session of ${lifetimeMs} ms that is over when its login is answered: ${what}`, async (t) => {
    const world = new LoginWorld()
    const connection = await world.openFor(4_000)
    let login: () => void = () => {}
    world.script.authenticate = (request) => (login = () => accept(request, lifetimeMs))
    await world.clock.advanceSettled(3_600)
    world.ask(connection, 'meanwhile')
    await world.clock.advanceSettled(3_000)
    world.script.authenticate = (request) => accept(request, 60_000)
    login()
    await world.clock.settle()
    const isProlonged = lifetimeMs >= 2_000
    t.equal(world.events.filter((event) => event.startsWith('handshake')).length, isProlonged ? 2 : 1)
    t.equal(world.events.includes('request'), isProlonged)
    t.equal(connection.isOpen, isProlonged)
    if (!isProlonged) t.match(world.events.join('\n'), /failure meanwhile: .*too short to be prolonged/)
    connection.close(REASON)
    await world.clock.settle()
    t.equal(world.context.network.openPeers.length, 0)
    t.equal(world.clock.timerCount, 0)
  })
} // prettier-ignore

t.test('retired amid a login, it refuses what waits, and closes', async (t) => {
  const world = new LoginWorld()
  const connection = await world.openFor(10_000)
  let login: () => void = () => {}
  world.script.authenticate = (request) => (login = () => accept(request, 10_000))
  await world.clock.advanceSettled(9_000)
  world.ask(connection, 'meanwhile')
  connection.closeWhenIdle(REASON)
  await world.clock.settle()
  t.match(world.events.at(-1), /failure meanwhile: .*closed by the test/)
  world.ask(connection, 'later')
  await world.clock.settle()
  t.match(world.events.at(-1), /failure later: .*closed by the test/)
  login()
  await world.clock.settle()
  t.match(world.events.at(-1), /closed: closed by the test/)
  t.equal(world.clock.timerCount, 0)
})
