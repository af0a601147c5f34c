/**
 * An X.509 certificate of version 3, made here, since no openssl can be counted on where tests run.
 *
 *   certificate = [ to be signed | algorithm | signature ]
 *                    └ serial, issuer, from-to, subject, public key, extensions
 *
 * Keys are on the curve P-256, signatures ECDSA with SHA-256: what every client takes, and quick to make.
 *
 * Spec: RFC 5280. Neighbours: der.ts writes bytes; certificate-authority.ts says who signs for whom.
 */
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import {
  bitString,
  boolean,
  integer,
  named,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  time,
  utf8String,
} from './der.js'

/** What a certificate says, and the key that vouches for it. */
export interface CertificatePlan {
  /** CN of its owner. */
  readonly subject: string
  readonly publicKey: KeyObject
  /** CN of who signs; the same for one that signs itself. */
  readonly issuer: string
  readonly issuerKey: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** Names and addresses that it is good for. */
  readonly hosts: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** True for one that may sign others. */
  readonly isAuthority: boolean
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const COMMON_NAME = oid('2.5.4.3')
const SUBJECT_KEY_IDENTIFIER = oid('2.5.29.14')
const KEY_USAGE = oid('2.5.29.15')
const SUBJECT_ALTERNATIVE_NAME = oid('2.5.29.17')
const BASIC_CONSTRAINTS = oid('2.5.29.19')
const AUTHORITY_KEY_IDENTIFIER = oid('2.5.29.35')
const EXTENDED_KEY_USAGE = oid('2.5.29.37')
const SERVER_AND_CLIENT = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))
// Bits from the left: digitalSignature is 0, keyCertSign 5, cRLSign 6.
const MAY_SIGN_DATA = bitString(Buffer.from([0b1000_0000]), 7)
const MAY_SIGN_CERTIFICATES = bitString(Buffer.from([0b0000_0110]), 1)
const VERSION_3 = tagged(0, integer(2n))
const DNS_NAME = 2
const IP_ADDRESS = 7

/** The certificate as PEM. */
export function makeCertificate(plan: CertificatePlan): string {
  const toBeSigned = sequence(
    VERSION_3,
    integer(BigInt(`0x01${randomBytes(15).toString('hex')}`)),
    ECDSA_WITH_SHA256,
    nameOf(plan.issuer),
    sequence(time(plan.notBeforeMs), time(plan.notAfterMs)),
    nameOf(plan.subject),
    spkiOf(plan.publicKey),
    tagged(3, sequence(...extensionsOf(plan))),
  )
  const signature = sign('sha256', toBeSigned, plan.issuerKey.privateKey)
  return pem(sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature)))
}

function extensionsOf(plan: CertificatePlan): Buffer[] {
  const { hosts, isAuthority, publicKey, issuerKey } = plan
  const always = [
    extension(BASIC_CONSTRAINTS, isAuthority ? sequence(boolean(true)) : sequence(), true),
    extension(KEY_USAGE, isAuthority ? MAY_SIGN_CERTIFICATES : MAY_SIGN_DATA, true),
    extension(SUBJECT_KEY_IDENTIFIER, octetString(keyIdentifier(publicKey))),
    extension(AUTHORITY_KEY_IDENTIFIER, sequence(named(0, keyIdentifier(issuerKey.publicKey)))),
  ]
  if (!isAuthority) always.push(extension(EXTENDED_KEY_USAGE, SERVER_AND_CLIENT))
  if (hosts.length === 0) return always
  return [...always, extension(SUBJECT_ALTERNATIVE_NAME, sequence(...hosts.map(hostName)))]
}

function extension(id: Buffer, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [boolean(true)] : [] // DER leaves defaults out
  return sequence(id, ...critical, octetString(value))
}

function hostName(host: string): Buffer {
  return isIP(host) === 0 ? named(DNS_NAME, Buffer.from(host)) : named(IP_ADDRESS, ipBytes(host))
}

/** 4 or 16 bytes. */
function ipBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [left, right] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  const hex = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('')
  return Buffer.from(hex, 'hex')
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, utf8String(commonName))))
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** By it a chain is put together where names are the same. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(publicKey)).digest()
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}
