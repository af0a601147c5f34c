/**
 * ApiVersions as a broker answers it: the ranges of what this test cluster serves, within the caps
 * of this broker. A version of ApiVersions itself that is too new gets its answer in v0
 * (server-connection.ts, since such a request cannot be decoded).
 *
 * Spec: KIP-35, KIP-511, KIP-584. Neighbours: services.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  ApiVersionsRequest,
  ApiVersionsResponse,
} from '../../protocol/messages/api-versions.js'
import type { Broker } from '../broker.js'
import type { TransactionLevel } from '../transactions/transaction-level.js'
import type { Exchange, Service } from './handler.js'

const CLIENT_SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/
const FIRST_VERSION_WITH_SOFTWARE = 3

/** The highest version of an API that a broker serves. */
export function highestVersion(
  broker: Broker,
  { name, maxVersion }: Pick<Service, 'name' | 'maxVersion'>,
): number {
  return Math.min(maxVersion, broker.versionCaps[name] ?? maxVersion)
}

/** The answer to a request that could be decoded. */
export function answerApiVersions(
  { broker, cluster, version, request, faults }: Exchange<ApiVersionsRequest>,
  services: readonly Service[],
): ApiVersionsResponse {
  const { error } = faults
  const errorCode = error !== undefined && 'errorCode' in error ? error.errorCode : check()
  const level = cluster.settings.transactionLevel
  return versionsResponse(broker, services, { level, errorCode, throttleMs: faults.throttleMs })

  function check(): number {
    if (version < FIRST_VERSION_WITH_SOFTWARE) return ErrorCodes.NONE
    const { clientSoftwareName, clientSoftwareVersion } = request
    const isSound =
      CLIENT_SOFTWARE.test(clientSoftwareName) && CLIENT_SOFTWARE.test(clientSoftwareVersion)
    return isSound ? ErrorCodes.NONE : ErrorCodes.INVALID_REQUEST
  }
}

interface VersionsContext {
  readonly level: TransactionLevel
  readonly errorCode: number
  readonly throttleMs: number
}

/** What the broker serves. */
function versionsResponse(
  broker: Broker,
  services: readonly Service[],
  { level, errorCode, throttleMs }: VersionsContext,
): ApiVersionsResponse {
  const apiKeys = services
    .filter((service) => highestVersion(broker, service) >= service.minVersion)
    .map((service) => ({
      apiKey: service.key,
      minVersion: service.minVersion,
      maxVersion: highestVersion(broker, service),
    }))
  return {
    errorCode,
    apiKeys,
    throttleTimeMs: throttleMs,
    ...level.features,
    zkMigrationReady: false,
  }
}
