/**
 * The issuer of tests, without a broker: what it gives out, to whom, and how it fails on request.
 */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import t, { type Test } from 'tap'
import { verifiedClaims } from './jwt.js'
import { AUDIENCE, ISSUER, TokenIssuer } from './token-issuer.js'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const client = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

async function started(t: Test): Promise<TokenIssuer> {
  const issuer = await TokenIssuer.start({
    privateKeyPem,
    clients: { alice: 'sec:ret' },
    assertionKey: client.publicKey,
  })
  t.teardown(() => issuer.close())
  return issuer
}

interface Grant {
  readonly access_token: string
  readonly expires_in: number
}

function askToken(
  issuer: TokenIssuer,
  form: Readonly<Record<string, string>>,
  credentials = 'alice:sec:ret',
): Promise<Response> {
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  const body = new URLSearchParams(form)
  return fetch(issuer.tokenUrl, { method: 'POST', headers: { authorization }, body })
}

t.test('gives a client a token that its key verifies', async (t) => {
  const issuer = await started(t)
  issuer.lifetimeSeconds = 60
  const response = await askToken(issuer, { grant_type: 'client_credentials', scope: 'write' })
  const { access_token, expires_in } = (await response.json()) as Grant
  t.equal(expires_in, 60)
  const claims = verifiedClaims(createPublicKey(privateKey), access_token) ?? {}
  t.match(claims, { iss: ISSUER, aud: AUDIENCE, sub: 'alice', scope: 'write' })
  t.equal(Number(claims.exp) - Number(claims.iat), 60)
  t.equal(issuer.requests[0]?.form.get('scope'), 'write')
})

t.test('takes an assertion that the client has signed, and no other', async (t) => {
  const issuer = await started(t)
  const parts = [{ alg: 'ES256' }, { sub: 'bob' }].map((part) => JSON.stringify(part))
  const signed = parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
  const asked = async (dsaEncoding: 'ieee-p1363' | 'der'): Promise<Response> => {
    const signature = sign('sha256', Buffer.from(signed), { key: client.privateKey, dsaEncoding })
    const assertion = `${signed}.${signature.toString('base64url')}`
    return askToken(issuer, { grant_type: ASSERTION_GRANT, assertion })
  }
  const { access_token } = (await (await asked('ieee-p1363')).json()) as Grant
  t.equal(verifiedClaims(createPublicKey(privateKey), access_token)?.sub, 'bob')
  t.equal((await asked('der')).status, 401)
})

t.test('refuses who is unknown, has another secret, or asks for something else', async (t) => {
  const issuer = await started(t)
  const form = { grant_type: 'client_credentials' }
  t.equal((await askToken(issuer, form, 'alice:wrong')).status, 401)
  t.equal((await askToken(issuer, form, 'toString:x')).status, 401)
  t.equal((await askToken(issuer, { grant_type: 'password' })).status, 401)
  t.equal((await fetch(issuer.tokenUrl)).status, 404)
})

t.test('fails as it is told, and recovers', async (t) => {
  const issuer = await started(t)
  const form = { grant_type: 'client_credentials' }
  issuer.fault = 'refuse'
  t.equal((await askToken(issuer, form)).status, 401)
  issuer.fault = 'broken'
  t.equal((await askToken(issuer, form)).status, 500)
  issuer.fault = 'garbage'
  await t.rejects((await askToken(issuer, form)).json())
  issuer.fault = { delayMs: 1 }
  t.equal((await askToken(issuer, form)).status, 200)
  issuer.fault = undefined
  const before = issuer.tokenUrl
  await issuer.down()
  await t.rejects(askToken(issuer, form))
  await issuer.up()
  t.equal(issuer.tokenUrl, before)
  t.equal((await askToken(issuer, form)).status, 200)
  t.equal((await fetch(issuer.jwksUrl)).status, 200)
})
