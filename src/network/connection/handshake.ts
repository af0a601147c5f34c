/**
 * The first words on every connection: which versions does the broker speak (KIP-35, KIP-511)?
 *
 *   ApiVersions v4 ──NONE──────────────────────────────────────> ApiVersionTable, finalized features
 *        └──UNSUPPORTED_VERSION (a v0 answer that lists the range)──> ApiVersions at its highest
 *
 * Nothing may be sent before it: a broker that does not know a version cannot even say so. A login
 * (SASL) follows it on the same connection.
 *
 * Not a dial: open-connection.ts does that, and decides what a connection closed under the question
 * means.
 *
 * Neighbours: open-connection.ts calls it; api-version-table.ts and finalized-features.ts are what it
 * learns.
 */
import { BrokerError } from '../../errors.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { apiVersions } from '../../protocol/messages/api-versions.js'
import type { ApiVersionsResponse } from '../../protocol/messages/api-versions.js'
import { Reader } from '../../protocol/reader.js'
import { VERSION } from '../../version.js'
import { formatAddress } from '../address.js'
import type { FeaturesAnswer } from '../finalized-features.js'
import { ApiVersionTable } from './api-version-table.js'
import type { Connection } from './connection.js'

const CLIENT = { clientSoftwareName: 'ottla', clientSoftwareVersion: VERSION }

/** The version every broker since Kafka 0.10 answers. */
export const LOWEST_API_VERSIONS = 0

const NOTHING_LISTED: ApiVersionsResponse = {
  errorCode: ErrorCodes.UNSUPPORTED_VERSION,
  apiKeys: [],
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1n,
  finalizedFeatures: [],
  zkMigrationReady: false,
}

/** How to ask. */
export interface HandshakeOptions {
  /** Highest version to use, by API name. */
  readonly caps: Readonly<Record<string, number>>
  /** Version of ApiVersions to ask in first. */
  readonly version: number
  /** For each question. */
  readonly timeoutMs: number
}

/** What the broker has answered. */
export interface HandshakeAnswer {
  readonly versions: ApiVersionTable
  readonly features: FeaturesAnswer
}

/** The version to ask in first, where the user has not set a lower one. */
export function highestApiVersions(caps: Readonly<Record<string, number>>): number {
  return Math.min(apiVersions.maxVersion, caps[apiVersions.name] ?? apiVersions.maxVersion)
}

/** Asks the broker what it speaks. Rejects with BrokerError, ProtocolError or ConnectionError. */
export async function negotiateVersions(
  connection: Connection,
  options: HandshakeOptions,
): Promise<HandshakeAnswer> {
  let answer = await ask(connection, options.version, options)
  if (answer.errorCode === ErrorCodes.UNSUPPORTED_VERSION) {
    answer = await ask(connection, lowerVersion(answer, options.version), options)
  }
  if (answer.errorCode !== ErrorCodes.NONE) throw refused(connection, answer.errorCode)
  const versions = new ApiVersionTable(answer.apiKeys, options.caps, formatAddress(connection))
  return { versions, features: answer }
}

function ask(
  connection: Connection,
  version: number,
  { timeoutMs }: HandshakeOptions,
): Promise<ApiVersionsResponse> {
  // Its answer has the old response header in every version, or nobody could read it.
  return connection.exchange(apiVersions, version, CLIENT, { timeoutMs }, (reader, frame) => {
    const bodyOffset = reader.offset
    if (reader.readInt16() !== ErrorCodes.UNSUPPORTED_VERSION) {
      return decode(frame, bodyOffset, version)
    }
    return decodeRefusal(frame, bodyOffset)
  })
}

/**
 * A broker that does not know the version asked answers in v0, the one form all clients know, or should:
 * there are those that list null, or nothing, or add bytes. The code says all that matters; who lists
 * nothing that can be read is asked in v0.
 */
function decodeRefusal(frame: Buffer, bodyOffset: number): ApiVersionsResponse {
  try {
    return decode(frame, bodyOffset, LOWEST_API_VERSIONS)
  } catch {
    return NOTHING_LISTED
  }
}

function decode(frame: Buffer, bodyOffset: number, version: number): ApiVersionsResponse {
  const reader = new Reader(frame, { apiName: apiVersions.name, version }, bodyOffset)
  const response = apiVersions.decodeResponse(reader, version)
  reader.expectEnd()
  return response
}

/** The broker's highest (listed since Kafka 2.4), but surely lower than what it has just refused. */
function lowerVersion(answer: ApiVersionsResponse, refusedVersion: number): number {
  const range = answer.apiKeys.find(({ apiKey }) => apiKey === apiVersions.key)
  const highest = range?.maxVersion ?? LOWEST_API_VERSIONS
  return highest < refusedVersion ? Math.max(highest, LOWEST_API_VERSIONS) : LOWEST_API_VERSIONS
}

function refused(connection: Connection, code: number): BrokerError {
  const { name, description, retriable } = errorCode(code)
  return new BrokerError(
    `the broker at ${formatAddress(connection)} refuses to name its versions: ${name}, ${description}`,
    { apiName: apiVersions.name, errorCode: code, errorName: name, retriable },
  )
}
