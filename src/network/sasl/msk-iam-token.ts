/**
 * Tokens of AWS IAM for MSK, through OAUTHBEARER: signed by the package `aws-msk-iam-sasl-signer-js`,
 * which is loaded when the first token is asked for, and not a dependency.
 *
 * A token is good for 15 minutes, or as long as the credentials that signed it, if that is less. The
 * signer says so from 1.0.3 on; where the credentials come from a provider of the user's, their expiry
 * is heeded here too.
 *
 * Neighbours: token-source.ts keeps the token, since the signer keeps nothing.
 */
import type { Clock } from '../../clock.js'
import { systemClock } from '../../system-clock.js'
import { ConfigError } from '../../errors.js'
import { findPackage, loadFound, packagesLookedForFrom } from '../../optional-package.js'
import { checkPlain } from '../../plain-options.js'
import { describeThrown } from './clean-text.js'
import { nearest } from '../../nearest.js'
import type { SaslToken } from './oauth-token.js'

/** What AWS's credential providers answer, as far as it matters here. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

/** Whose credentials sign: the environment's, or one of the three others. */
export interface MskIamTokenOptions {
  /** The cluster's, e.g. `eu-central-1`. */
  readonly region: string
  /** A profile of `~/.aws`. */
  readonly profile?: string | undefined
  /** A role to take on, with `roleSessionName`. */
  readonly roleArn?: string | undefined
  readonly roleSessionName?: string | undefined
  /** Any provider of AWS's SDK. */
  readonly credentialsProvider?: (() => Promise<AwsCredentials>) | undefined
}

interface Signed {
  readonly token: string
  /** ms since 1970. */
  readonly expiryTime: number
}

/** The functions of the package that are used. */
export interface MskIamSigner {
  generateAuthToken(options: object): Promise<Signed>
  generateAuthTokenFromProfile(options: object): Promise<Signed>
  generateAuthTokenFromRole(options: object): Promise<Signed>
  generateAuthTokenFromCredentialsProvider(options: object): Promise<Signed>
}

const PACKAGE = 'aws-msk-iam-sasl-signer-js'
const MAX_LIFE_MS = 900_000
const KEYS = ['region', 'profile', 'roleArn', 'roleSessionName', 'credentialsProvider']

/** What tests give instead of the machine's. */
export interface MskIamEnvironment {
  readonly clock: Clock
  readonly load: () => MskIamSigner
}

/**
 * A token function for `sasl: { mechanism: 'OAUTHBEARER', token: mskIamToken({ region }) }`.
 *
 * @throws ConfigError where an option does not fit, or the package is not installed
 */
export function mskIamToken(
  options: MskIamTokenOptions,
  environment?: MskIamEnvironment,
): () => Promise<SaslToken> {
  const checked = checkOptions(options)
  const { clock, load } = environment ?? { clock: systemClock(), load: finder() }
  return async () => {
    const [signed, credentialsEndMs] = await sign(load(), checked)
    const lastMs = clock.now() + MAX_LIFE_MS
    const { token, expiryTime = Infinity } = signed
    return { token, expiresAtMs: Math.min(expiryTime, credentialsEndMs, lastMs) }
  }
}

async function sign(
  signer: MskIamSigner,
  options: MskIamTokenOptions,
): Promise<[signed: Partial<Signed> & { token: string }, credentialsEndMs: number]> {
  const { region, profile, roleArn, roleSessionName, credentialsProvider } = options
  if (profile !== undefined) {
    const awsProfileName = profile
    return [await signer.generateAuthTokenFromProfile({ region, awsProfileName }), Infinity]
  }
  if (roleArn !== undefined) {
    const role = { region, awsRoleArn: roleArn, awsRoleSessionName: roleSessionName }
    return [await signer.generateAuthTokenFromRole(role), Infinity]
  }
  if (credentialsProvider === undefined)
    return [await signer.generateAuthToken({ region }), Infinity]
  let endMs = Infinity
  const awsCredentialsProvider = async (): Promise<AwsCredentials> => {
    const credentials = await credentialsProvider()
    endMs = credentials.expiration?.getTime() ?? Infinity
    return credentials
  }
  const signed = await signer.generateAuthTokenFromCredentialsProvider({ region, awsCredentialsProvider }) // prettier-ignore
  return [signed, endMs]
}

function checkOptions(options: MskIamTokenOptions): MskIamTokenOptions {
  const given: unknown = options
  if (typeof given !== 'object' || given === null) throw fault("needs e.g. { region: 'eu-central-1' }") // prettier-ignore
  checkPlain('the object for mskIamToken', given, KEYS)
  for (const [name, value] of Object.entries(given) as [string, unknown][]) checkOption(name, value)
  const { region, profile, roleArn, roleSessionName, credentialsProvider } = options
  if (typeof region !== 'string' || !/^[a-z0-9-]{1,60}$/.test(region)) {
    throw fault("needs the cluster's region, e.g. 'eu-central-1'")
  }
  const ways = [profile, roleArn, credentialsProvider].filter((way) => way !== undefined)
  if (ways.length > 1) throw fault('takes one of profile, roleArn and credentialsProvider')
  if ((roleArn === undefined) !== (roleSessionName === undefined)) {
    throw fault('takes roleArn and roleSessionName together')
  }
  return { region, profile, roleArn, roleSessionName, credentialsProvider }
}

function checkOption(name: string, value: unknown): void {
  if (!KEYS.includes(name)) {
    const near = nearest(name, KEYS)
    const mend = near === undefined ? `it can have ${KEYS.join(', ')}` : `did you mean ${near}?`
    throw fault(`has ${JSON.stringify(name.slice(0, 60))}: ${mend}`)
  }
  const type = name === 'credentialsProvider' ? 'function' : 'string'
  if (value === undefined || (typeof value === type && value !== '')) return
  throw fault(`has a ${name} that is no ${type}, or empty`)
}

/** Looks for the package at once, and loads it when it is first needed: it brings AWS's SDK along. */
function finder(): () => MskIamSigner {
  const path = findPackage(PACKAGE)
  if (path === null) {
    throw fault(
      `needs the package ${PACKAGE}, which is not installed: run \`npm install ${PACKAGE}\`. ` +
        `It was looked for from ${packagesLookedForFrom()}; a bundle needs it in a node_modules ` +
        'beside itself (docs/bundling.md)',
    )
  }
  let signer: MskIamSigner | undefined
  return () => (signer ??= loadSigner(path))
}

function loadSigner(path: string): MskIamSigner {
  try {
    return loadFound(path) as MskIamSigner
  } catch (cause) {
    throw fault(`found the package ${PACKAGE}, which could not be loaded: ${describeThrown(cause)}`, cause) // prettier-ignore
  }
}

function fault(what: string, cause?: unknown): ConfigError {
  return new ConfigError(`mskIamToken ${what}`, { cause })
}
