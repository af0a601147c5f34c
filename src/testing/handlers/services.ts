/**
 * The APIs that the test cluster's brokers serve: what a producer needs, its login and its transactions
 * included, and CreateTopics.
 *
 * Neighbours: server-connection.ts looks requests up here.
 */
import { addOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { apiVersions } from '../../protocol/messages/api-versions.js'
import { createTopics } from '../../protocol/messages/create-topics.js'
import { endTxn } from '../../protocol/messages/end-txn.js'
import { findCoordinator } from '../../protocol/messages/find-coordinator.js'
import { initProducerId } from '../../protocol/messages/init-producer-id.js'
import { metadata } from '../../protocol/messages/metadata.js'
import { produce } from '../../protocol/messages/produce.js'
import { saslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../protocol/messages/sasl-handshake.js'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'
import { answerAddOffsetsToTxn } from './add-offsets-to-txn.js'
import { addPartitionsTargets, answerAddPartitionsToTxn } from './add-partitions-to-txn.js'
import { answerApiVersions } from './api-versions.js'
import { answerCreateTopics, createTopicsTargets } from './create-topics.js'
import { answerEndTxn } from './end-txn.js'
import { answerFindCoordinator } from './find-coordinator.js'
import { makeService, type Service } from './handler.js'
import { answerInitProducerId } from './init-producer-id.js'
import { answerMetadata, metadataTargets } from './metadata.js'
import { answerProduce, produceTargets } from './produce.js'
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
  | 'InitProducerId'
  | 'Metadata'
  | 'Produce'
  | 'SaslAuthenticate'
  | 'SaslHandshake'
  | 'TxnOffsetCommit'

/** In the order of their keys. @internal */
export const SERVICES: readonly Service[] = [
  makeService(produce, answerProduce, produceTargets),
  makeService(metadata, (it, respond) => respond(answerMetadata(it)), metadataTargets),
  makeService(findCoordinator, (it, respond) => respond(answerFindCoordinator(it))),
  makeService(saslHandshake, (it, respond) => respond(answerSaslHandshake(it))),
  makeService(apiVersions, (it, respond) => respond(answerApiVersions(it, SERVICES))),
  makeService(createTopics, (it, respond) => respond(answerCreateTopics(it)), createTopicsTargets),
  makeService(initProducerId, answerInitProducerId),
  makeService(addPartitionsToTxn, answerAddPartitionsToTxn, addPartitionsTargets),
  makeService(addOffsetsToTxn, answerAddOffsetsToTxn),
  makeService(endTxn, answerEndTxn),
  makeService(txnOffsetCommit, answerTxnOffsetCommit, txnOffsetCommitTargets),
  makeService(saslAuthenticate, (it, respond) => respond(answerSaslAuthenticate(it))),
]

/** The service of an API key. @internal */
export function serviceOf(apiKey: number): Service | undefined {
  return SERVICES.find(({ key }) => key === apiKey)
}
