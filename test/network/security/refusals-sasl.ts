/** What a login is refused for: credentials, mechanisms, listeners; tokens and their endpoints. */
import {
  oidcToken,
  type ProducerOptions,
  type SaslOptions,
  type SaslToken,
} from '../../../src/index.js'
import type { TestSaslOptions } from '../../../src/testing/cluster.js'
import { unsecuredJwt } from '../../broker/secured/jwt.js'
import { doorOf, type Door } from './doors.js'
import { deadAddress, type RefusalWorld } from './refusal-world.js'
import type { Refusal } from './refusals.js'

type PasswordMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

const REFUSED = {
  telling: 'at once',
  error: 'AuthenticationError',
  code: 'ERR_OTTLA_AUTHENTICATION',
} as const

const NO_CREDENTIALS = {
  telling: 'after maxBlockMs',
  error: 'ConnectionError',
  code: 'ERR_OTTLA_CREDENTIALS',
} as const

const SCRAM_SAYS =
  'the broker says "Authentication failed during authentication due to invalid credentials with SASL mechanism'

export const LOGIN_REFUSALS: readonly Refusal[] = [
  {
    cause: 'wrong password, PLAIN',
    ...REFUSED,
    says: 'refuses the login by PLAIN as "alice": the broker says "Authentication failed: Invalid username or password"',
    mend: '`sasl.username` and `sasl.password`',
    open: (world) => wrong(world, 'PLAIN', 'alice'),
  },
  {
    cause: 'unknown user, PLAIN',
    ...REFUSED,
    says: 'refuses the login by PLAIN as "nobody": the broker says "Authentication failed: Invalid username or password"',
    mend: 'the same; brokers do not say which of them it is',
    open: (world) => wrong(world, 'PLAIN', 'nobody'),
  },
  ...(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).flatMap((mechanism): Refusal[] => [
    {
      cause: `wrong password, ${mechanism}`,
      ...REFUSED,
      says: `refuses the login by ${mechanism} as "alice": ${SCRAM_SAYS} ${mechanism}"`,
      mend: '`sasl.username` and `sasl.password`; the user may have a password for the other SCRAM only',
      open: (world) => wrong(world, mechanism, 'alice'),
    },
    {
      cause: `unknown user, ${mechanism}`,
      ...REFUSED,
      says: `refuses the login by ${mechanism} as "nobody": ${SCRAM_SAYS} ${mechanism}"`,
      mend: 'the same',
      open: (world) => wrong(world, mechanism, 'nobody'),
    },
  ]),
  {
    cause: 'an unknown delegation token',
    ...REFUSED,
    says: 'refuses the login by SCRAM-SHA-256 as "no-such-id"',
    mend: 'the token’s id as `sasl.username` and its HMAC as `sasl.password`; it may have expired',
    open: (world) =>
      login(world, {
        mechanism: 'SCRAM-SHA-256',
        username: 'no-such-id',
        password: 'aG1hYw==',
        isDelegationToken: true,
      }),
  },
  {
    cause: 'a mechanism that the listener does not have',
    ...REFUSED,
    code: 'ERR_OTTLA_SASL_MECHANISM',
    says: 'does not take the mechanism PLAIN: it takes OAUTHBEARER',
    mend: 'one of the listed as `sasl.mechanism`, or another listener',
    open: ({ kafka }) =>
      kafka.has('OIDC') ? doorOf(kafka, 'OIDC', { sasl: alice(kafka.users, 'PLAIN') }) : undefined,
  },
  {
    cause: '`sasl` at a listener without SASL',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_SASL_NOT_EXPECTED',
    says: 'is a listener without SASL',
    mend: 'leave out `sasl`, or use the port of a listener that has it',
    open: ({ kafka }) => doorOf(kafka, 'SSL', { sasl: alice(kafka.users, 'PLAIN') }),
  },
  {
    cause: 'no `sasl` at a SASL_PLAINTEXT listener',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_SASL_EXPECTED',
    says: 'is a listener that wants a login (SASL): set the option sasl; it takes PLAIN, SCRAM-SHA-…',
    mend: '`sasl`, with one of the mechanisms that are listed',
    open: ({ kafka }) => doorOf(kafka, 'SASL_PLAINTEXT'),
  },
  {
    cause: 'no `sasl` at a SASL_SSL listener',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_SASL_EXPECTED',
    says: 'is a listener that wants a login (SASL): set the option sasl; it takes PLAIN, SCRAM-SHA-…',
    mend: 'the same',
    open: ({ kafka }) => doorOf(kafka, 'SASL_SSL'),
  },
  {
    cause: 'a broker that does not know the password (SCRAM proves both sides)',
    ...REFUSED,
    says: 'the broker',
    mend: 'who is it? It has no proof of the password: a proxy, or a broker of somebody else’s',
    open: (world) => lying(world, 'SCRAM-SHA-256', (text) => text.replace(/^v=..../, 'v=AAAA')),
  },
  {
    cause: 'a broker that wants absurdly many iterations of SCRAM',
    ...REFUSED,
    says: 'wants 2000000 iterations (allowed: 4096 to 1000000)',
    mend: 'the same',
    open: (world) => lying(world, 'SCRAM-SHA-512', (text) => text.replace(/i=\d+$/, 'i=2000000')),
  },
  {
    cause: 'the function `sasl.password` throws',
    ...NO_CREDENTIALS,
    says: 'the function sasl.password failed: vault sealed',
    mend: 'that function; it is asked again after the usual pause',
    open: (world) => {
      const password = (): never => {
        throw new Error('vault sealed')
      }
      return login(world, { mechanism: 'PLAIN', username: 'alice', password })
    },
  },
  {
    cause: 'the function `sasl.authenticate` throws',
    ...NO_CREDENTIALS,
    says: 'the function sasl.authenticate failed: no ticket',
    mend: 'that function',
    open: (world) => {
      const authenticate = (): never => {
        throw new Error('no ticket')
      }
      return login(world, { mechanism: 'PLAIN', authenticate })
    },
  },
]

export const TOKEN_REFUSALS: readonly Refusal[] = [
  {
    cause: 'a token for another audience',
    ...REFUSED,
    says: 'the broker says {"status":"invalid_token"}; the token: iss "urn:ottla:test-issuer", aud "another", sub "alice", expires in … s',
    mend: 'what the provider puts into the token; the broker’s log has the reason',
    open: ({ kafka, issuer }) => oidc(kafka, () => issuer.token('alice', { aud: 'another' })),
  },
  {
    cause: 'an expired token',
    ...REFUSED,
    says: 'the broker says {"status":"invalid_token"}; the token: …, expired … s ago by this clock',
    mend: 'a function `sasl.token` that brings fresh ones; the clocks',
    open: ({ kafka, issuer }) =>
      oidc(kafka, () => {
        const nowSeconds = Math.floor(Date.now() / 1_000)
        return issuer.token('alice', { iat: nowSeconds - 200, exp: nowSeconds - 100 })
      }),
  },
  {
    cause: 'a token that nobody has signed',
    ...REFUSED,
    says: 'refuses the login by OAUTHBEARER (the broker says',
    mend: 'a token of the issuer that the broker knows',
    open: ({ kafka }) => oidc(kafka, () => unsecuredJwt({ sub: 'alice', iat: 1, exp: 4e9 })),
  },
  {
    cause: 'the function `sasl.token` brings no token, or one that is none',
    ...NO_CREDENTIALS,
    says: 'the function sasl.token failed: answered a token with characters that none can have: leave out "Bearer " in front',
    mend: 'that function',
    open: (world) => byToken(world, () => ({ token: 'Bearer abc' })),
  },
  {
    cause: 'the function `sasl.token` throws',
    ...NO_CREDENTIALS,
    says: 'the function sasl.token failed: out of office',
    mend: 'that function; it is asked again after the usual pause',
    open: (world) =>
      byToken(world, () => {
        throw new Error('out of office')
      }),
  },
  {
    cause: 'the function `sasl.token` never answers',
    ...NO_CREDENTIALS,
    says: 'ms: a function of option sasl (username, password, token or authenticate) has not answered',
    mend: 'that function',
    open: (world) =>
      byToken(world, () => new Promise<never>(() => {}), { connectionTimeoutMs: 300 }),
  },
  {
    cause: 'the token endpoint refuses the client (`oidcToken`)',
    ...NO_CREDENTIALS,
    telling: 'at once',
    says: 'the function sasl.token failed: no token from http://…/token: it answers HTTP 401, invalid_client',
    mend: '`clientId` and `clientSecret`',
    open: (world) => {
      const { tokenUrl } = world.issuer
      const token = oidcToken({ tokenUrl, clientId: 'alice', clientSecret: 'wrong' })
      return byToken(world, token)
    },
  },
  {
    cause: 'the token endpoint is down (`oidcToken`)',
    ...NO_CREDENTIALS,
    says: 'it cannot be reached: ECONNREFUSED',
    mend: '`tokenUrl`; it is asked again and again',
    open: async (world) => {
      const tokenUrl = `http://${await deadAddress()}/token`
      const clientSecret = 'x'
      return byToken(
        world,
        oidcToken({ tokenUrl, clientId: 'alice', clientSecret, timeoutMs: 200 }),
      )
    },
  },
]

function alice(
  { alice }: RefusalWorld['kafka']['users'],
  mechanism: PasswordMechanism,
): SaslOptions {
  return { mechanism, username: alice.name, password: alice.password }
}

function wrong(world: RefusalWorld, mechanism: PasswordMechanism, username: string): Door {
  return login(world, { mechanism, username, password: 'wrong' })
}

function login({ kafka }: RefusalWorld, sasl: SaslOptions): Door {
  return doorOf(kafka, 'SASL_SSL', { sasl })
}

function byToken(
  { kafka }: RefusalWorld,
  token: () => SaslToken | Promise<SaslToken>,
  more: Partial<ProducerOptions> = {},
): Door {
  return { ...doorOf(kafka, 'SASL_SSL', { sasl: { mechanism: 'OAUTHBEARER', token } }), ...more }
}

function oidc(kafka: RefusalWorld['kafka'], token: () => string): Door | undefined {
  if (!kafka.has('OIDC')) return undefined
  const sasl = { mechanism: 'OAUTHBEARER', token: () => ({ token: token() }) } as const
  return doorOf(kafka, 'OIDC', { sasl })
}

/** A broker that changes what the mechanism answers. */
async function lying(
  world: RefusalWorld,
  mechanism: PasswordMechanism,
  change: (text: string) => string,
): Promise<Door> {
  const sasl: TestSaslOptions = { users: { alice: 'x' }, failureDelayMs: 0 }
  const cluster = await world.cluster({ sasl })
  cluster.failNext('SaslAuthenticate', {
    times: Infinity,
    authBytes: (bytes) => Buffer.from(change(Buffer.from(bytes).toString('latin1')), 'latin1'),
  })
  return {
    brokers: cluster.bootstrap,
    sasl: { mechanism, username: 'alice', password: 'x' },
  }
}
