// Everything that can be wrong with keys is a ConfigError of the constructor that names the fix.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { ConfigError } from '../../../src/errors.js'
import { TlsCredentials } from '../../../src/network/tls/secure-context.js'
import type { TlsOption, TlsOptions } from '../../../src/tls/tls-options.js'
import { Producer } from '../../../src/producer/producer.js'
import { makeRevocationList, openssl } from '../../support/certificates.js'
import { MARKED, makeWorld, noSecretIn, text } from './world.js'

const world = await makeWorld(t.testdir())
const { folder, authority, server, client, encrypted } = world
const at = (name: string): string => join(folder, name)
const keys = [server.keyPath, client.keyPath, encrypted.keyPath]

const stores = ['-inkey', client.keyPath, '-in', client.certPath, '-passout', `pass:${MARKED}`]
await openssl('pkcs12', '-export', ...stores, '-out', at('good.p12'))
await openssl('pkcs12', '-export', '-nokeys', ...stores.slice(2), '-out', at('no-key.p12'))
await openssl('pkcs12', '-export', '-legacy', ...stores, '-out', at('rc2.p12')).catch(() => '')
await openssl('x509', '-in', authority.certPath, '-outform', 'der', '-out', at('ca.der'))
await openssl('pkey', '-in', client.keyPath, '-outform', 'der', '-out', at('key.der'))
writeFileSync(at('store.jks'), Buffer.concat([Buffer.from('feedfeed', 'hex'), Buffer.alloc(99)]))
const damaged = text(authority.certPath).replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
const [ca, cert, key] = [{ path: authority.certPath }, { path: client.certPath }, { path: client.keyPath }] // prettier-ignore
const crl = { path: await makeRevocationList(authority, []) }

const make = (given: unknown): TlsCredentials => new TlsCredentials(given as TlsOptions, () => {})

const GOOD: Readonly<Record<string, TlsOptions | true>> = {
  'nothing set': true,
  'an authority': { ca },
  'several, as text, bytes and a file': { ca: [text(authority.certPath), readFileSync(authority.certPath), ca] },
  'bytes of another realm': { ca: runInNewContext('Uint8Array.from(bytes)', { bytes: [...readFileSync(authority.certPath)] }) as Uint8Array },
  'a pair': { cert, key },
  'an encrypted key': { cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath }, passphrase: MARKED },
  PKCS12: { pfx: { path: at('good.p12') }, passphrase: MARKED },
  'a list of revoked certificates': { ca, crl },
  'the rest': { servername: 'broker.test', minVersion: 'TLSv1.3', checkServerIdentity: () => undefined, rejectUnauthorized: true },
} // prettier-ignore

for (const [what, given] of Object.entries(GOOD)) {
  t.test(`takes ${what}`, async (t) => {
    t.doesNotThrow(() => make(given))
    noSecretIn(t, make(given), keys)
  })
}

const file = (name: string): { path: string } => ({ path: at(name) })
const BAD: Readonly<Record<string, readonly [given: unknown, message: RegExp]>> = {
  'a ca that is a path': [{ ca: '/etc/ca.pem' }, /tls\.ca has no certificate.*\{ path \}/],
  'a ca that is a Java key store': [{ ca: file('store.jks') }, /tls\.ca .*JKS.*keytool -importkeystore.*openssl pkcs12 .*-nokeys/],
  'a ca in DER': [{ ca: file('ca.der') }, /tls\.ca .*DER.*openssl x509 -inform der/],
  'a ca in PKCS12': [{ ca: file('no-key.p12') }, /tls\.ca .*PKCS12.*openssl pkcs12 .*-nokeys/],
  'a ca that is damaged': [{ ca: [ca, damaged] }, /certificate 1 of 1 in option tls\.ca\[1\] is damaged/],
  'a ca that is a key': [{ ca: key }, /tls\.ca .*no whole certificate/],
  'a ca that does not exist': [{ ca: file('nowhere.pem') }, /tls\.ca, .*nowhere\.pem, cannot be read \(ENOENT\)/],
  'a list of none': [{ ca: [] }, /tls\.ca is an empty array/],
  'a key of another pair': [{ cert, key: { path: server.keyPath } }, /tls\.key .*is not the private key.*tls\.cert.*openssl/],
  'cert and key the wrong way round': [{ cert: key, key: cert }, /tls\.cert .*no whole certificate/],
  'a certificate for a key': [{ cert, key: cert }, /tls\.key .*but a certificate/],
  'a key in DER': [{ cert, key: file('key.der') }, /tls\.key .*openssl pkey -inform der/],
  'a key that is a Java key store': [{ cert, key: file('store.jks') }, /tls\.key .*JKS.*keytool/],
  'cert alone': [{ cert }, /tls\.cert is set without tls\.key/],
  'key alone': [{ key }, /tls\.key is set without tls\.cert/],
  'an encrypted key without its passphrase': [{ cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath } }, /encrypted, and option tls\.passphrase is not set/],
  'an encrypted key with another passphrase': [{ cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath }, passphrase: `${MARKED}!` }, /does not open with option tls\.passphrase/],
  'a passphrase for nothing': [{ passphrase: MARKED }, /tls\.passphrase is set without/],
  'PKCS12 without a key': [{ pfx: file('no-key.p12'), passphrase: MARKED }, /tls\.pfx .*without a private key.*openssl pkcs12 .*-nokeys/],
  'PKCS12 without its passphrase': [{ pfx: file('good.p12') }, /tls\.pfx .*set tls\.passphrase/],
  'PKCS12 with another passphrase': [{ pfx: file('good.p12'), passphrase: `${MARKED}!` }, /tls\.pfx .*does not open/],
  'PKCS12 of the old kind': [{ pfx: file('rc2.p12'), passphrase: MARKED }, /tls\.pfx .*RC2.*openssl pkcs12 -legacy/],
  'a Java key store as pfx': [{ pfx: file('store.jks'), passphrase: MARKED }, /tls\.pfx .*JKS.*keytool -importkeystore/],
  'PEM as pfx': [{ pfx: cert }, /tls\.pfx .*give PEM as tls\.cert/],
  'pfx beside a pair': [{ pfx: file('good.p12'), cert, key }, /say the same twice/],
  'a crl that is none': [{ crl: cert }, /tls\.crl .*openssl crl/],
  'an address as servername': [{ servername: '127.0.0.1' }, /tls\.servername is an IP address/],
  'an unknown version': [{ minVersion: 'TLSv1.1' }, /tls\.minVersion .*TLSv1\.2/],
  'a check that is no function': [{ checkServerIdentity: false }, /tls\.checkServerIdentity/],
  'a number for a key': [{ key: 7 }, /tls\.key is a number/],
  'a passphrase that is none': [{ passphrase: 7 }, /tls\.passphrase is a number/],
  'a flag that is none': [{ rejectUnauthorized: 'no' }, /tls\.rejectUnauthorized/],
  'a misspelt name': [{ serverName: 'a' }, /unknown option tls\.serverName: did you mean tls\.servername\?/],
  'a name of Java': [{ 'key.password': MARKED }, /did you mean tls\.passphrase\?/],
  'an unknown name': [{ zebra: MARKED }, /unknown option tls\.zebra: those of tls are ca, cert/],
  'text for all': [MARKED, /option tls is a string/],
} // prettier-ignore

for (const [what, [given, message]] of Object.entries(BAD)) {
  t.test(`refuses ${what}`, async (t) => {
    const error = thrownBy(() => make(given))
    t.ok(error instanceof ConfigError, String(error))
    t.match((error as Error).message, message)
    noSecretIn(t, error, keys)
  })
}

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

t.test('the constructor of a producer says so, and warns of no check at all', async (t) => {
  const brokers = 'localhost:1'
  const options = (tls: unknown): { brokers: string; tls: TlsOption } => ({ brokers, tls: tls as TlsOption }) // prettier-ignore
  t.throws(() => new Producer(options({ ca: 'no pem' })), { code: 'ERR_OTTLA_CONFIG', message: /tls\.ca/ }) // prettier-ignore
  t.throws(() => new Producer(options('yes')), { code: 'ERR_OTTLA_CONFIG' })
  const lines: string[] = []
  const warn = (_facts: object, message: string): void => void lines.push(message)
  const logger = { debug: () => {}, info: () => {}, error: () => {}, warn }
  const secret = { cert: { path: encrypted.certPath }, key: text(encrypted.keyPath), passphrase: MARKED } // prettier-ignore
  const producer = new Producer({ ...options({ ...secret, rejectUnauthorized: false }), logger })
  noSecretIn(t, producer, keys)
  await producer.close() // a logger is called a moment later
  t.equal(lines.filter((line) => line.includes('rejectUnauthorized')).length, 1)
  for (const tls of [true, false, () => ({ ca: 'no pem' })]) {
    await new Producer(options(tls)).close()
  }
})
