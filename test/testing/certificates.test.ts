/**
 * The certificates that the test cluster makes: read back by Node, judged by openssl where there is
 * one, and taken or refused by a TLS client as they should be.
 */
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { CertificateAuthority } from '../../src/testing/cluster.js'
import { integer, oid, sequence, time } from '../../src/testing/tls/der.js'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const DAY_MS = 86_400_000

t.test('DER is written as X.690 has it', async (t) => {
  t.equal(integer(0n).toString('hex'), '020100')
  t.equal(integer(127n).toString('hex'), '02017f')
  t.equal(integer(128n).toString('hex'), '02020080')
  t.equal(integer(65_537n).toString('hex'), '0203010001')
  t.equal(oid('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302')
  t.equal(oid('2.5.29.17').toString('hex'), '0603551d11')
  t.equal(sequence(Buffer.alloc(127)).subarray(0, 2).toString('hex'), '307f')
  t.equal(sequence(Buffer.alloc(128)).subarray(0, 3).toString('hex'), '308180')
  t.equal(sequence(Buffer.alloc(300)).subarray(0, 4).toString('hex'), '3082012c')
  t.equal(
    time(Date.UTC(2049, 11, 31, 23, 59, 59, 999))
      .subarray(2)
      .toString(),
    '491231235959Z',
  )
  t.equal(time(Date.UTC(2050, 0, 1)).toString('latin1'), '\x18\x0f20500101000000Z')
})

t.test('Node reads what was meant', async (t) => {
  const authority = new CertificateAuthority('root')
  const root = new X509Certificate(authority.certificate)
  t.equal(root.subject, 'CN=root')
  t.equal(root.ca, true)
  t.equal(root.verify(root.publicKey), true)

  const from = Date.UTC(2026, 0, 2)
  const to = Date.UTC(2051, 1, 3)
  const { cert } = authority.issue({
    commonName: 'älice, "x"',
    hosts: ['a.test', '10.0.0.7', '2001:db8::7', '::ffff:1:2'],
    notBeforeMs: from,
    notAfterMs: to,
  })
  const read = new X509Certificate(cert)
  t.equal(read.ca, false)
  t.equal(read.issuer, 'CN=root')
  t.equal(read.verify(root.publicKey), true)
  t.equal(read.checkIssued(root), true)
  t.equal(Date.parse(read.validFrom), from)
  t.equal(Date.parse(read.validTo), to)
  t.equal(read.checkHost('a.test'), 'a.test')
  t.equal(read.checkHost('b.test'), undefined)
  t.equal(read.checkIP('10.0.0.7'), '10.0.0.7')
  t.equal(read.checkIP('2001:db8::7'), '2001:db8::7')
  t.equal(read.checkIP('::ffff:1:2'), '::ffff:1:2')
  t.equal(read.checkIP('127.0.0.1'), undefined)
  t.match(read.toLegacyObject().subject, { CN: 'älice, "x"' })
})

t.test('by default it is for this machine, from yesterday for a year', async (t) => {
  const read = new X509Certificate(new CertificateAuthority().issue().cert)
  t.equal(read.checkHost('localhost'), 'localhost')
  t.equal(read.checkIP('127.0.0.1'), '127.0.0.1')
  t.equal(read.checkIP('::1'), '::1')
  t.ok(Date.parse(read.validFrom) < Date.now() - DAY_MS / 2)
  t.ok(Date.parse(read.validTo) > Date.now() + 364 * DAY_MS)
})

t.test('no two are alike', async (t) => {
  const authority = new CertificateAuthority()
  const [a, b] = [authority.issue(), authority.issue()].map(({ cert }) => new X509Certificate(cert))
  t.not(a?.serialNumber, b?.serialNumber)
  t.not(new CertificateAuthority().certificate, new CertificateAuthority().certificate)
})

t.test('openssl agrees', { skip: !hasOpenssl && 'there is no openssl' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ottla-certificates-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const authority = new CertificateAuthority()
  const root = file('root.pem', authority.certificate)
  const verify = (cert: string, ...more: string[]): string => {
    const all = ['verify', '-x509_strict', '-CAfile', root, '-untrusted', cert, ...more, cert]
    const { stdout, stderr } = spawnSync('openssl', all, { encoding: 'utf8' })
    return stdout + stderr
  }
  const server = file('server.pem', authority.issue().cert)
  t.match(verify(server, '-purpose', 'sslserver', '-verify_hostname', 'localhost'), ': OK')
  t.match(verify(server, '-purpose', 'sslclient', '-verify_ip', '::1'), ': OK')
  t.match(verify(server, '-verify_hostname', 'other.test'), 'ostname mismatch')
  const issuing = authority.intermediate()
  t.match(verify(file('below.pem', issuing.issue().cert)), ': OK')
  const expired = authority.issue({ notAfterMs: Date.now() - 1000 })
  t.match(verify(file('expired.pem', expired.cert)), 'has expired')
  const future = authority.issue({ notBeforeMs: Date.now() + DAY_MS })
  t.match(verify(file('future.pem', future.cert)), 'not yet valid')
  t.match(verify(file('self.pem', authority.issue({ selfSigned: true }).cert)), 'self-signed')
  const stranger = new CertificateAuthority().issue()
  t.match(verify(file('stranger.pem', stranger.cert)), 'unable to get local issuer')
})
