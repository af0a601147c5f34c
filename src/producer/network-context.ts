/**
 * What the network rooms of one producer have in common: clock, chance, how to dial and log in, and
 * those options that concern them, and nothing else: no secret travels with them.
 *
 * Before: pipeline.ts. After: network/metadata and network/brokers.
 */
import type { Log } from '../logger.js'
import { parseAddress } from '../network/address.js'
import { FinalizedFeatures } from '../network/finalized-features.js'
import { ClusterIdentity } from '../network/metadata/cluster-identity.js'
import type { ConnectionStatistics } from '../network/connection-statistics.js'
import type { NetworkContext } from '../network/context.js'
import type { NetworkOptions } from '../network/options.js'
import { Login } from '../network/sasl/login.js'
import { saslMechanism } from '../network/sasl/sasl-options.js'
import { dialTls } from '../network/tls/dial-tls.js'
import type { ResolvedOptions } from './options/options.js'
import type { Environment } from './environment.js'

export function networkContext<K, V>(
  options: ResolvedOptions<K, V>,
  environment: Environment,
  logger: Log,
  statistics?: ConnectionStatistics,
): NetworkContext {
  const { clock, random, dial } = environment
  return {
    clock,
    random,
    login: loginOf(options, environment, logger, statistics),
    dial: options.tls === undefined ? dial : dialTls(clock, options.tls, logger),
    dialPlain: options.tls === undefined ? undefined : dial,
    options: networkOptions(options),
    logger,
    cluster: new ClusterIdentity(),
    features: new FinalizedFeatures(),
    statistics,
  }
}

function networkOptions<K, V>(options: ResolvedOptions<K, V>): NetworkOptions {
  return {
    bootstrap: options.brokers.map(parseAddress),
    clientId: options.clientId,
    requestTimeoutMs: options.requestTimeoutMs,
    connectionTimeoutMs: options.connectionTimeoutMs,
    reconnectBackoffMs: options.reconnectBackoffMs,
    reconnectBackoffMaxMs: options.reconnectBackoffMaxMs,
    retryBackoffMs: options.retryBackoffMs,
    retryBackoffMaxMs: options.retryBackoffMaxMs,
    metadataMaxAgeMs: options.metadataMaxAgeMs,
    metadataMaxIdleMs: options.metadataMaxIdleMs,
    connectionsMaxIdleMs: options.connectionsMaxIdleMs,
    apiVersions: options.apiVersions,
    createTopics: options.createTopics,
  }
}

function loginOf<K, V>(
  options: ResolvedOptions<K, V>,
  { clock, random }: Environment,
  logger: Log,
  statistics: ConnectionStatistics | undefined,
): Login | undefined {
  if (options.sasl === undefined) return undefined
  const mechanism = saslMechanism(options.sasl.reveal(), { clock, random, logger })
  if (mechanism.isClearText && options.tls === undefined) {
    const { name } = mechanism
    logger.warn({}, `the credentials of ${name} travel in clear text: set the option tls`)
  }
  return new Login({ mechanism, clock, random, logger, statistics })
}
