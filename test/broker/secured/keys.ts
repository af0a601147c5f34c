/**
 * Keys and certificates of a secured Kafka, made by openssl when it is set up: its own, and those of
 * clients that are good, and bad in each way.
 *
 * Neighbours: test/support/certificates.ts makes them; secured-config.ts hands the broker its own.
 */
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  makeAuthority,
  makeCertificate,
  type Authority,
  type Certificate,
} from '../../support/certificates.js'

const DAY_MS = 86_400_000

/** Paths of PEM files, and what opens them. */
export interface SecuredKeys {
  /** The authority that signed the broker and its clients. */
  readonly authority: Authority
  /** Its certificate. */
  readonly caPath: string
  /** Of one that signed nothing that the broker has. */
  readonly wrongCaPath: string
  readonly clients: {
    /** `User:CN=carol`, who may do everything. */
    readonly carol: Certificate
    /** Hers too, with an encrypted key. */
    readonly encrypted: Certificate & { readonly passphrase: string }
    /** `User:CN=dave`, who may do nothing until he is granted it. */
    readonly dave: Certificate
    /** Signed by the wrong authority. */
    readonly stranger: Certificate
    /** Ended yesterday. */
    readonly expired: Certificate
  }
  /** What the broker shows. */
  readonly broker: Certificate
  /** The same authority's, for another host. */
  readonly badHost: Certificate
  /** RSA, PKCS#8: signs the tokens of the OIDC issuer. */
  readonly issuerKeyPath: string
}

/** Makes them all in `folder`. */
export async function makeKeys(folder: string): Promise<SecuredKeys> {
  const authority = await makeAuthority(folder, 'ottla-test-ca')
  const wrong = await makeAuthority(folder, 'wrong-ca')
  const passphrase = 'open "sesame" ü'
  const yesterday = new Date(Date.now() - DAY_MS)
  const beforeThat = new Date(Date.now() - 2 * DAY_MS)
  const encrypted = { commonName: 'carol', encryptedKeyPassphrase: passphrase }
  const expired = { commonName: 'carol', notBefore: beforeThat, notAfter: yesterday }
  return {
    authority,
    caPath: authority.certPath,
    wrongCaPath: wrong.certPath,
    clients: {
      carol: await makeCertificate(authority, { commonName: 'carol' }),
      encrypted: { ...(await makeCertificate(authority, encrypted)), passphrase },
      dave: await makeCertificate(authority, { commonName: 'dave' }),
      stranger: await makeCertificate(wrong, { commonName: 'carol' }),
      expired: await makeCertificate(authority, expired),
    },
    broker: await makeBrokerCertificate(authority),
    badHost: await makeBrokerCertificate(authority, ['DNS:another.example']),
    issuerKeyPath: await makeIssuerKey(folder),
  }
}

/** One more for the broker, with a new key. */
export function makeBrokerCertificate(
  authority: Authority,
  altNames: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1'],
): Promise<Certificate> {
  return makeCertificate(authority, { commonName: 'broker', altNames })
}

/**
 * A certificate as settings of Kafka, of broker or client. In the settings and not in a file: Kafka
 * 2.8 wants a key in a file to be encrypted.
 */
export async function keystoreSettings({
  chainPath,
  keyPath,
}: Certificate): Promise<Record<string, string>> {
  return {
    'ssl.keystore.certificate.chain': await readFile(chainPath, 'utf8'),
    'ssl.keystore.key': await readFile(keyPath, 'utf8'),
  }
}

async function makeIssuerKey(folder: string): Promise<string> {
  const path = join(folder, 'issuer-key.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return path
}
