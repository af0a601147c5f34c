import fc from 'fast-check'
import t, { type Test } from 'tap'
import { AuthenticationError } from '../../../src/errors.js'
import { Credentials } from '../../../src/network/sasl/credentials.js'
import type { SaslExchange } from '../../../src/network/sasl/mechanism.js'
import { SaltedPassword } from '../../../src/network/sasl/salted-password.js'
import { scramMechanism, type ScramName } from '../../../src/network/sasl/scram.js'
import { Secret } from '../../../src/secret.js'
import { bytes, failureOf, scramServer, step, testContext, testEnvironment } from './support.js'

const SEED = Number(process.env.OTTLA_SEED ?? Math.floor(Math.random() * 2 ** 31))
t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

const CLIENT_NONCE = 'rOprNGfwEbeRWgbNEkqO'
const NONCE = `${CLIENT_NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const SERVER_FIRST = `r=${NONCE},s=${SALT},i=4096`

/** RFC 7677, and the same exchange with SHA-512. */
const VECTORS: Readonly<Record<ScramName, { proof: string; signature: string }>> = {
  'SCRAM-SHA-256': {
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
  'SCRAM-SHA-512': {
    proof:
      'gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==',
    signature:
      'ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==',
  },
}

interface Login {
  readonly username?: string
  readonly password?: string
  readonly isToken?: boolean
}

function login(name: ScramName = 'SCRAM-SHA-256', it: Login = {}): SaslExchange {
  const { username = 'user', password = 'pencil', isToken = false } = it
  const credentials = new Credentials(new Secret(username), new Secret(password), testEnvironment())
  return scramMechanism(name, credentials, isToken, () => CLIENT_NONCE).start(testContext())
}

for (const [name, { proof, signature }] of Object.entries(VECTORS)) {
  t.test(`${name} speaks as the RFC's example`, async (t) => {
    const exchange = login(name as ScramName)
    t.equal(await step(exchange), `n,,n=user,r=${CLIENT_NONCE}`)
    t.equal(exchange.user, 'user')
    t.equal(await step(exchange, SERVER_FIRST), `c=biws,r=${NONCE},p=${proof}`)
    t.equal(await step(exchange, `v=${signature}`), undefined)
  })
}

t.test('any name and password log in, whatever signs they have', async (t) => {
  const cases = [
    ['o\'neil, "x"=1', 'p,w=d \\ ü', 'o\'neil=2C "x"=3D1'],
    ['a=,=,b', ',,==', 'a=3D=2C=3D=2Cb'],
    ['=2C', '=2C', '=3D2C'],
    ['žluťoučký', 'kůň 🦊', 'žluťoučký'],
  ] as const
  for (const [username, password, wire] of cases) {
    const server = scramServer('sha512', password, { extra: ',x=later' })
    const exchange = login('SCRAM-SHA-512', { username, password })
    const first = (await step(exchange)) ?? ''
    const name = /n=([^,]*),r=/.exec(first)?.[1] ?? ''
    t.equal(Buffer.from(name, 'latin1').toString(), wire)
    const final = await step(exchange, server.first(first))
    t.equal(await step(exchange, server.final(final ?? '')), undefined)
  }
})

t.test('a delegation token says that it is one', async (t) => {
  t.equal(await step(login('SCRAM-SHA-256', { isToken: true })), `n,,n=user,r=${CLIENT_NONCE},tokenauth=true`) // prettier-ignore
})

t.test('nonces are long, printable and not repeated', async (t) => {
  const credentials = new Credentials(new Secret('u'), new Secret('p'), testEnvironment())
  const mechanism = scramMechanism('SCRAM-SHA-256', credentials)
  const nonces = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const first = (await step(mechanism.start(testContext()))) ?? ''
    const nonce = /,r=([\x21-\x2b\x2d-\x7e]{24,})$/.exec(first)?.[1]
    t.ok(nonce !== undefined)
    nonces.add(nonce ?? '')
  }
  t.equal(nonces.size, 20)
})

const b64 = (size: number): string => Buffer.alloc(size, 7).toString('base64')

/** First messages of brokers that are broken, or not to be trusted. */
const HOSTILE: Readonly<Record<string, [message: string, says: RegExp]>> = {
  'nothing at all': ['', /no r=/],
  'an unknown extension that must be known': [`m=x,${SERVER_FIRST}`, /extension/],
  'a refusal': ['e=other-error\x00\n\x1b[31m', /refused: other-error \[31m$/],
  'a nonce that is not ours': [`r=other,s=${SALT},i=4096`, /nonce/],
  'our nonce alone': [`r=${CLIENT_NONCE},s=${SALT},i=4096`, /added nothing/],
  'a nonce with control characters': [`r=${CLIENT_NONCE}\x01,s=${SALT},i=4096`, /printable/],
  'no salt': [`r=${NONCE},i=4096`, /no s=/],
  'an empty salt': [`r=${NONCE},s=,i=4096`, /salt of 0 bytes/],
  'a salt beyond 1 KiB': [`r=${NONCE},s=${b64(1025)},i=4096`, /salt of 1025 bytes/],
  'a salt that is not base64': [`r=${NONCE},s=W22Z*J0=,i=4096`, /salt that is not base64/],
  'a salt without padding': [`r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096`, /not base64/],
  'too few iterations': [`r=${NONCE},s=${SALT},i=4095`, /4095 iterations/],
  'too many iterations': [`r=${NONCE},s=${SALT},i=1000001`, /1000001 iterations/],
  'endless iterations': [`r=${NONCE},s=${SALT},i=${'9'.repeat(50)}`, /no number/],
  'iterations in hexadecimal': [`r=${NONCE},s=${SALT},i=0x2000`, /no number/],
  'iterations with a sign': [`r=${NONCE},s=${SALT},i=+5000`, /no number/],
  'no iterations': [`r=${NONCE},s=${SALT}`, /no i=/],
  'more than 64 KiB': [`${SERVER_FIRST},x=${'y'.repeat(65_536)}`, /message of \d+ bytes/],
}

for (const [what, [message, says]] of Object.entries(HOSTILE)) {
  t.test(`a broker that sends ${what} is refused`, async (t) => {
    const exchange = login()
    await step(exchange)
    const error = await failureOf(step(exchange, message))
    t.match(error, { name: 'AuthenticationError', message: says, mechanism: 'SCRAM-SHA-256' })
    t.match(error, { host: 'broker-1', port: 9092, user: 'user', retriable: false })
  })
}

t.test('bounds are within: 1 KiB of salt, and 64 KiB of message', async (t) => {
  const exchange = login()
  await step(exchange)
  const head = `r=${NONCE},s=${b64(1024)},i=4096,x=`
  t.match(await step(exchange, head + 'y'.repeat(65_536 - head.length)), /^c=biws,/)
})

t.test('without the right signature there is no login', async (t) => {
  const { signature } = VECTORS['SCRAM-SHA-256']
  const flipped = Buffer.from(signature, 'base64')
  flipped[31] = (flipped[31] ?? 0) ^ 1
  const finals = {
    '': /no v=/,
    'v=': /signature is wrong/,
    [`v=${flipped.toString('base64')}`]: /does not know the password/,
    [`v=${signature.slice(0, 20)}`]: /signature/,
    [`v=${signature} `]: /not base64/,
    [`x=1,v=${signature}`]: /no v=/,
    'e=invalid-proof': /refused: invalid-proof/,
  }
  for (const [final, says] of Object.entries(finals)) {
    const exchange = login()
    await step(exchange)
    await step(exchange, SERVER_FIRST)
    t.match(await failureOf(step(exchange, final)), { name: 'AuthenticationError', message: says })
  }
})

async function succeeds(first: Uint8Array, final: Uint8Array): Promise<boolean> {
  const exchange = login()
  await exchange.step(undefined)
  try {
    await exchange.step(first)
    return (await exchange.step(final)) === undefined
  } catch (error) {
    if (error instanceof AuthenticationError) return false
    throw error
  }
}

function damaged(message: string): fc.Arbitrary<Buffer> {
  const whole = bytes(message)
  const byte = fc
    .record({ at: fc.nat(whole.length - 1), value: fc.nat(255) })
    .map(({ at, value }) => {
      const copy = Buffer.from(whole)
      copy[at] = value
      return copy
    })
  const cut = fc.nat(whole.length - 1).map((size) => whole.subarray(0, size))
  const noise = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array))
  return fc.oneof({ arbitrary: byte, weight: 4 }, cut, noise)
}

async function survives(t: Test, first: fc.Arbitrary<Buffer>, final: fc.Arbitrary<Buffer>) {
  const whole = `${SERVER_FIRST}|v=${VECTORS['SCRAM-SHA-256'].signature}`
  const property = fc.asyncProperty(first, final, async (a, b) => {
    const isWhole = `${a.toString('latin1')}|${b.toString('latin1').split(',')[0] ?? ''}` === whole
    return (await succeeds(a, b)) === isWhole
  })
  // A damaged iteration count may ask for some 900,000: few runs.
  await t.resolves(fc.assert(property, { seed: SEED, numRuns: 150 }))
}

t.test('damaged messages log nobody in, and fail only as they should', async (t) => {
  const final = `v=${VECTORS['SCRAM-SHA-256'].signature}`
  await survives(t, fc.constant(bytes(SERVER_FIRST)), damaged(final))
  await survives(t, damaged(SERVER_FIRST), fc.constant(bytes(final)))
})

t.test('the slow hash is made once while password, salt and iterations stay', async (t) => {
  const salted = new SaltedPassword('sha256', 32)
  const salt = Buffer.from('salt')
  const made = salted.of(new Secret('a'), salt, 4096)
  t.equal(salted.of(new Secret('a'), Buffer.from('salt'), 4096), made, 'even while it is made')
  await made
  t.equal(salted.of(new Secret('a'), salt, 4096), made)
  t.not(salted.of(new Secret('b'), salt, 4096), made, 'another password')
  t.not(salted.of(new Secret('a'), Buffer.from('pepper'), 4096), made, 'another salt')
  t.not(salted.of(new Secret('a'), salt, 4097), made, 'other iterations')
})

t.test('a mechanism logs in again and again, with the password of the day', async (t) => {
  let password = 'monday'
  const credentials = new Credentials(
    new Secret('user'),
    new Secret(async () => password),
    testEnvironment(),
  )
  const mechanism = scramMechanism('SCRAM-SHA-256', credentials)
  for (const day of ['monday', 'monday', 'tuesday']) {
    password = day
    const exchange = mechanism.start(testContext())
    const server = scramServer('sha256', day)
    const final = await step(exchange, server.first((await step(exchange)) ?? ''))
    t.equal(await step(exchange, server.final(final ?? '')), undefined)
  }
})
