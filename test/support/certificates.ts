/**
 * Keys and certificates for tests, made by `openssl` in a folder of the test's: authorities, what
 * they sign, lists of what they have revoked, and keys behind a passphrase.
 *
 * Not for anybody's production: the keys lie about in files. All are EC keys, which take no time to
 * make; key files are PKCS#8, which Node and Kafka both read.
 *
 * Neighbours: tests of network/tls; the secured broker.
 */
import { execFile } from 'node:child_process'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 365
/** Certificates are good from a little before now: clocks differ. */
const HEAD_START_MS = 3_600_000

/** Who signs. All files of it lie in one folder. */
export interface Authority {
  readonly name: string
  readonly folder: string
  readonly certPath: string
  readonly keyPath: string
}

/** Of a certificate: PEM files. */
export interface Certificate {
  readonly certPath: string
  readonly keyPath: string
  /** The certificate, then those of the authorities above it. */
  readonly chainPath: string
}

/** For whom, and how long. */
export interface CertificateOptions {
  readonly commonName: string
  /** As `DNS:localhost` or `IP:127.0.0.1`; none by default. */
  readonly altNames?: readonly string[]
  /** Default 365; counts from now. */
  readonly days?: number
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Instead of `days`. */
  readonly notAfter?: Date
  /** Encrypts the key file (AES-256). */
  readonly encryptedKeyPassphrase?: string
}

/** A root authority, or with `issuer` one beneath another. Makes the folder `folder`/`name`. */
export async function makeAuthority(
  folder: string,
  name: string,
  issuer?: Authority,
): Promise<Authority> {
  const own = join(folder, name)
  await mkdir(own, { recursive: true })
  const authority = {
    name,
    folder: own,
    certPath: join(own, 'ca.pem'),
    keyPath: join(own, 'ca-key.pem'),
  }
  await writeFile(join(own, 'openssl.cnf'), configOf(authority))
  await writeFile(join(own, 'index.txt'), '')
  await writeFile(join(own, 'serial'), '1000\n')
  await writeFile(join(own, 'crlnumber'), '1000\n')
  await makeKey(authority.keyPath)
  const request = join(own, 'ca.csr')
  await openssl('req', '-new', '-key', authority.keyPath, '-subj', `/CN=${name}`, '-out', request)
  await sign(issuer ?? authority, request, authority.certPath, {
    commonName: name,
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
    isSelfSigned: issuer === undefined,
  })
  if (issuer !== undefined) await chain(authority.certPath, issuer)
  return authority
}

/** A certificate for a server or a client. Its files are named by its `commonName`. */
export async function makeCertificate(
  authority: Authority,
  options: CertificateOptions,
): Promise<Certificate> {
  const { altNames = [], commonName, encryptedKeyPassphrase } = options
  const base = join(authority.folder, await fileName(authority, commonName))
  const [certPath, keyPath] = [`${base}.pem`, `${base}-key.pem`]
  const request = `${base}.csr`
  await makeKey(keyPath)
  await openssl('req', '-new', '-key', keyPath, '-subj', `/CN=${commonName}`, '-out', request)
  const names = altNames.length === 0 ? [] : [`subjectAltName=${altNames.join(',')}`]
  const extensions = ['basicConstraints=CA:FALSE', ...names]
  await sign(authority, request, certPath, { ...options, extensions, isSelfSigned: false })
  const chainPath = `${base}-chain.pem`
  await writeFile(chainPath, await readFile(certPath))
  await chain(chainPath, authority)
  if (encryptedKeyPassphrase !== undefined) await encryptKey(keyPath, encryptedKeyPassphrase)
  return { certPath, keyPath, chainPath }
}

/** One that signs itself, and is no authority: what a developer has made for one server. */
export async function makeSelfSigned(
  folder: string,
  options: CertificateOptions,
): Promise<Certificate> {
  await mkdir(folder, { recursive: true })
  const base = join(folder, `self-${options.commonName}`)
  const [certPath, keyPath] = [`${base}.pem`, `${base}-key.pem`]
  await makeKey(keyPath)
  const names = (options.altNames ?? []).join(',')
  const extension = names === '' ? [] : ['-addext', `subjectAltName=${names}`]
  await openssl(
    ...['req', '-x509', '-new', '-key', keyPath, '-subj', `/CN=${options.commonName}`],
    ...['-days', String(options.days ?? DEFAULT_DAYS), '-out', certPath, ...extension],
  )
  return { certPath, keyPath, chainPath: certPath }
}

/** Revokes certificates; returns the path of the authority's list of all that it has revoked. */
export async function makeRevocationList(
  authority: Authority,
  revoked: readonly Pick<Certificate, 'certPath'>[],
): Promise<string> {
  const config = ['ca', '-config', join(authority.folder, 'openssl.cnf'), '-batch']
  for (const { certPath } of revoked) await openssl(...config, '-revoke', certPath)
  const crlPath = join(authority.folder, 'crl.pem')
  await openssl(...config, '-gencrl', '-crldays', '30', '-out', crlPath)
  return crlPath
}

/** Runs openssl to its end; returns what it printed. Rejects with its last words. */
export async function openssl(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('openssl', [...args], { timeout: 60_000 })
  return stdout
}

async function makeKey(path: string): Promise<void> {
  await openssl(
    ...['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', path],
  )
}

async function encryptKey(path: string, passphrase: string): Promise<void> {
  const plain = await readFile(path)
  const plainPath = `${path}.plain`
  await writeFile(plainPath, plain)
  await openssl(
    ...['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', plainPath, '-out', path],
    ...['-passout', `pass:${passphrase}`],
  )
}

interface Signing extends Omit<CertificateOptions, 'altNames'> {
  readonly extensions: readonly string[]
  readonly isSelfSigned: boolean
}

/** `openssl ca` and not `x509 -req`: only it can set both dates, and knows of revocation. */
async function sign(
  authority: Authority,
  request: string,
  certPath: string,
  options: Signing,
): Promise<void> {
  const { days = DEFAULT_DAYS, extensions, isSelfSigned } = options
  const notBefore = options.notBefore ?? new Date(Date.now() - HEAD_START_MS)
  const notAfter = options.notAfter ?? new Date(Date.now() + days * DAY_MS)
  const extensionsPath = `${request}.ext`
  await writeFile(extensionsPath, `${extensions.join('\n')}\n`)
  await openssl(
    ...['ca', '-batch', '-notext', '-config', join(authority.folder, 'openssl.cnf')],
    ...(isSelfSigned ? ['-selfsign'] : []),
    ...['-in', request, '-out', certPath, '-extfile', extensionsPath],
    ...['-startdate', stamp(notBefore), '-enddate', stamp(notAfter)],
  )
}

/** As ASN.1 writes a time: YYYYMMDDHHMMSSZ. */
function stamp(date: Date): string {
  return `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
}

/** Puts the certificates of an authority, and of those above it, behind those in a file. */
async function chain(path: string, authority: Authority): Promise<void> {
  await appendFile(path, await readFile(authority.certPath))
}

/** Two certificates of one name get files of their own. */
async function fileName(authority: Authority, commonName: string): Promise<string> {
  const serial = (await readFile(join(authority.folder, 'serial'), 'utf8')).trim()
  return `${commonName.replace(/[^\w.-]/g, '_')}-${serial}`
}

function configOf({ folder, certPath, keyPath }: Omit<Authority, 'name'>): string {
  return `
[ca]
default_ca = this
[this]
database = ${join(folder, 'index.txt')}
new_certs_dir = ${folder}
serial = ${join(folder, 'serial')}
crlnumber = ${join(folder, 'crlnumber')}
certificate = ${certPath}
private_key = ${keyPath}
default_md = sha256
default_crl_days = 30
unique_subject = no
policy = any
[any]
commonName = supplied
`
}
