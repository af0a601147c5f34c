import { generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  assertionFromFile,
  signedAssertion,
  type AssertionPlan,
} from '../../../src/network/sasl/jwt-assertion.js'
import { Secret } from '../../../src/secret.js'
import { ManualClock } from '../../support/manual-clock.js'
import { failureOf } from './support.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

function plan(changes: Partial<AssertionPlan> = {}): AssertionPlan {
  return {
    algorithm: 'RS256',
    key: { pem: new Secret(pem(rsa.privateKey)) },
    passphrase: undefined,
    claims: { iss: 'me', sub: 'me', aud: 'https://issuer' },
    templateFile: undefined,
    expirySeconds: 300,
    notBeforeSeconds: 60,
    hasJwtId: false,
    ...changes,
  }
}

function parse(jwt: string) {
  const parts = jwt.split('.')
  const json = (text = ''): unknown => JSON.parse(Buffer.from(text, 'base64url').toString())
  const [header, payload, signature = ''] = parts
  return {
    header: json(header),
    payload: json(payload) as Record<string, unknown>,
    signed: Buffer.from(parts.slice(0, 2).join('.')),
    signature: Buffer.from(signature, 'base64url'),
  }
}

t.test('RS256: claims, times and a signature that holds', async (t) => {
  const clock = new ManualClock()
  const { header, payload, signed, signature } = parse(await signedAssertion(plan(), clock)())
  const now = clock.now() / 1000
  t.strictSame(header, { alg: 'RS256', typ: 'JWT' })
  t.strictSame(payload, { iss: 'me', sub: 'me', aud: 'https://issuer', iat: now, exp: now + 300, nbf: now - 60 }) // prettier-ignore
  t.ok(verify('sha256', signed, rsa.publicKey, signature))
})

t.test('ES256 signs as r and s, not as DER; each assertion may have an id', async (t) => {
  const key = { pem: new Secret(pem(ec.privateKey)) }
  const make = signedAssertion(plan({ algorithm: 'ES256', key, hasJwtId: true }), new ManualClock())
  const first = parse(await make())
  t.equal(first.signature.length, 64)
  t.ok(verify('sha256', first.signed, { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, first.signature)) // prettier-ignore
  t.not(first.payload.jti, parse(await make()).payload.jti)
})

t.test('a template wins over claims, and times win over it; files are read again', async (t) => {
  const folder = t.testdir({ 'template.json': '', 'key.pem': pem(rsa.privateKey) })
  const [templateFile, keyFile] = [join(folder, 'template.json'), join(folder, 'key.pem')]
  const write = (path: string, text: string, atSeconds: number): void => {
    writeFileSync(path, text)
    utimesSync(path, atSeconds, atSeconds)
  }
  const template = { header: { kid: 'k1', alg: 'none' }, payload: { sub: 'you', exp: 1, x: [1] } }
  write(templateFile, JSON.stringify(template), 1000)
  const make = signedAssertion(plan({ templateFile, key: { path: keyFile } }), new ManualClock())
  const first = parse(await make())
  t.strictSame(first.header, { kid: 'k1', alg: 'RS256', typ: 'JWT' })
  t.match(first.payload, { iss: 'me', sub: 'you', x: [1] })
  t.ok(Number(first.payload.exp) > 1000)

  write(templateFile, JSON.stringify({ payload: { sub: 'she' } }), 2000)
  const next = generateKeyPairSync('rsa', { modulusLength: 2048 })
  write(keyFile, pem(next.privateKey), 2000)
  const second = parse(await make())
  t.equal(second.payload.sub, 'she')
  t.ok(verify('sha256', second.signed, next.publicKey, second.signature))

  write(templateFile, '{ "hidden-4711', 3000)
  t.equal((await failureOf(make())).message, 'the template is no JSON')
  write(templateFile, '[]', 4000)
  t.match(await failureOf(make()), { message: /no object/ })
  write(templateFile, '{"header":1}', 5000)
  t.match(await failureOf(make()), { message: /each an object/ })
})

t.test('a ready assertion is read again when it changes', async (t) => {
  const file = join(t.testdir({ jwt: 'the.first.one\n' }), 'jwt')
  const make = assertionFromFile(file)
  t.equal(await make(), 'the.first.one')
  writeFileSync(file, 'a.new-er.one')
  t.equal(await make(), 'a.new-er.one')
})

t.test('a file that is just being written anew has no assertion', async (t) => {
  const file = join(t.testdir({ jwt: 'the.first.one' }), 'jwt')
  const make = assertionFromFile(file)
  await make()
  for (const part of [
    '',
    'hidden-4711',
    'hidden-4711.b',
    'hidden-4711.b.',
    'hidden-4711.b.c.d',
    'hidden-4711.b.c d',
  ]) {
    writeFileSync(file, part)
    const { message } = await failureOf(make())
    t.match(message, /no JWT/)
    t.notMatch(message, /hidden/)
  }
  writeFileSync(file, 'the.next.one')
  t.equal(await make(), 'the.next.one')
})
