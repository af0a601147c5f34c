/**
 * The APIs that the test cluster's brokers serve: what a producer needs, its login, its transactions and
 * its telemetry included, and CreateTopics.
 *
 * Neighbours: server-connection.ts looks requests up here.
 */
import { addOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { apiVersions } from '../../protocol/messages/api-versions.js'
import { createTopics } from '../../protocol/messages/create-topics.js'
import { endTxn } from '../../protocol/messages/end-txn.js'
import { findCoordinator } from '../../protocol/messages/find-coordinator.js'
import { getTelemetrySubscriptions } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { initProducerId } from '../../protocol/messages/init-producer-id.js'
import { metadata } from '../../protocol/messages/metadata.js'
import { produce } from '../../protocol/messages/produce.js'
import { pushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { saslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'
import type { ClusterState } from '../cluster-state.js'
import { answerAddOffsetsToTxn } from './add-offsets-to-txn.js'
import { addPartitionsTargets, answerAddPartitionsToTxn } from './add-partitions-to-txn.js'
import { answerApiVersions } from './api-versions.js'
import { answerCreateTopics, createTopicsTargets } from './create-topics.js'
import { answerEndTxn } from './end-txn.js'
import { answerFindCoordinator } from './find-coordinator.js'
import { answerGetTelemetrySubscriptions } from './get-telemetry-subscriptions.js'
import { makeService, type Service } from './handler.js'
import { answerInitProducerId } from './init-producer-id.js'
import { answerMetadata, metadataTargets } from './metadata.js'
import { answerProduce, produceTargets } from './produce.js'
import { answerPushTelemetry } from './push-telemetry.js'
import { answerSaslAuthenticate } from './sasl-authenticate.js'
import { answerSaslHandshake } from './sasl-handshake.js'
import { answerTxnOffsetCommit, txnOffsetCommitTargets } from './txn-offset-commit.js'

/** Names of the APIs served, as faults are scripted for. */
export type ApiName =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'ApiVersions'
  | 'CreateTopics'
  | 'EndTxn'
  | 'FindCoordinator'
  | 'GetTelemetrySubscriptions'
  | 'InitProducerId'
  | 'Metadata'
  | 'Produce'
  | 'PushTelemetry'
  | 'SaslAuthenticate'
  | 'SaslHandshake'
  | 'TxnOffsetCommit'

/** In the order of their keys. @internal */
const SERVICES: readonly Service[] = [
  makeService(produce, answerProduce, produceTargets),
  makeService(metadata, (it, respond) => respond(answerMetadata(it)), metadataTargets),
  makeService(findCoordinator, (it, respond) => respond(answerFindCoordinator(it))),
  makeService(saslHandshake, (it, respond) => respond(answerSaslHandshake(it))),
  makeService(apiVersions, (it, respond) => respond(answerApiVersions(it, servicesOf(it.cluster)))),
  makeService(createTopics, (it, respond) => respond(answerCreateTopics(it)), createTopicsTargets),
  makeService(initProducerId, answerInitProducerId),
  makeService(addPartitionsToTxn, answerAddPartitionsToTxn, addPartitionsTargets),
  makeService(addOffsetsToTxn, answerAddOffsetsToTxn),
  makeService(endTxn, answerEndTxn),
  makeService(txnOffsetCommit, answerTxnOffsetCommit, txnOffsetCommitTargets),
  makeService(saslAuthenticate, (it, respond) => respond(answerSaslAuthenticate(it))),
  makeService(getTelemetrySubscriptions, (it, respond) =>
    respond(answerGetTelemetrySubscriptions(it)),
  ),
  makeService(pushTelemetry, (it, respond) => respond(answerPushTelemetry(it))),
]

/** What only brokers with a telemetry plug-in offer. */
const TELEMETRY_KEYS: readonly number[] = [getTelemetrySubscriptions.key, pushTelemetry.key]

/** The service of an API key; undefined where the cluster has none. @internal */
export function serviceOf(apiKey: number, cluster: ClusterState): Service | undefined {
  return servicesOf(cluster).find(({ key }) => key === apiKey)
}

/** What the cluster's brokers offer. @internal */
export function servicesOf({ settings }: ClusterState): readonly Service[] {
  if (settings.telemetry !== null) return SERVICES
  return SERVICES.filter(({ key }) => !TELEMETRY_KEYS.includes(key))
}
