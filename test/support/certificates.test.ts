import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  makeAuthority,
  makeCertificate,
  makeRevocationList,
  makeSelfSigned,
  openssl,
} from './certificates.js'

const read = (path: string): X509Certificate => new X509Certificate(readFileSync(path))

t.test('an authority, one beneath it, and what both sign', async (t) => {
  const folder = t.testdir()
  const root = await makeAuthority(folder, 'root')
  const beneath = await makeAuthority(folder, 'beneath', root)
  const made = await makeCertificate(beneath, {
    commonName: 'localhost',
    altNames: ['DNS:localhost', 'IP:127.0.0.1'],
    encryptedKeyPassphrase: 'open sesame',
  })
  t.ok(read(made.certPath).verify(read(beneath.certPath).publicKey))
  t.ok(read(beneath.certPath).verify(read(root.certPath).publicKey))
  t.ok(read(beneath.certPath).ca)
  t.equal(read(made.certPath).subjectAltName, 'DNS:localhost, IP Address:127.0.0.1')
  t.equal(readFileSync(made.chainPath, 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 3)
  const key = createPrivateKey({ key: readFileSync(made.keyPath), passphrase: 'open sesame' })
  t.ok(read(made.certPath).checkPrivateKey(key))
  t.throws(() => createPrivateKey(readFileSync(made.keyPath)))
})

t.test('dates of choice, itself signed, and revoked', async (t) => {
  const folder = t.testdir()
  const authority = await makeAuthority(folder, 'root')
  const notAfter = new Date(Date.now() - 86_400_000)
  const notBefore = new Date(Date.now() - 2 * 86_400_000)
  const old = await makeCertificate(authority, { commonName: 'old', notBefore, notAfter })
  t.ok(Date.parse(read(old.certPath).validTo) < Date.now())
  const own = await makeSelfSigned(folder, { commonName: 'own', altNames: ['DNS:own'] })
  t.equal(read(own.certPath).issuer, 'CN=own')
  const crlPath = await makeRevocationList(authority, [old])
  t.match(await openssl('crl', '-in', crlPath, '-noout', '-text'), /Revoked Certificates/)
})
