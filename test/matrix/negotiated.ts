/**
 * The versions that a broker and Ottla agree on, asked over a real connection: the same dial,
 * handshake and table that a producer has.
 *
 * Neighbours: main.ts prints them; produce-versions.broker.test.ts goes through them.
 */
import { systemClock } from '../../src/system-clock.js'
import { ClosedError } from '../../src/errors.js'
import { silentLogger } from '../../src/logger.js'
import { parseAddress } from '../../src/network/address.js'
import type { ApiIdentity } from '../../src/network/connection/api-version-table.js'
import { FinalizedFeatures } from '../../src/network/finalized-features.js'
import { ClusterIdentity } from '../../src/network/metadata/cluster-identity.js'
import { UNKNOWN_NODE_ID } from '../../src/network/brokers/broker.js'
import { openConnection } from '../../src/network/connection/open-connection.js'
import { dialTcp } from '../../src/network/transport/tcp.js'
import { resolveOptions } from '../../src/producer/options/resolve-options.js'
import { addOffsetsToTxn } from '../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../src/protocol/messages/add-partitions-to-txn.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { endTxn } from '../../src/protocol/messages/end-txn.js'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { txnOffsetCommit } from '../../src/protocol/messages/txn-offset-commit.js'

/** What a producer asks of a broker, in the order in which it first does; then what transactions need. */
export const APIS: readonly ApiIdentity[] = [
  ...[apiVersions, metadata, initProducerId, produce],
  ...[findCoordinator, addPartitionsToTxn, addOffsetsToTxn, txnOffsetCommit, endTxn],
]

/** The highest common version of each API, by its name. */
export async function negotiatedVersions(address: string): Promise<Map<string, number>> {
  const bootstrap = [parseAddress(address)]
  const options = { ...resolveOptions({ brokers: address }, () => {}), bootstrap }
  const clock = systemClock()
  const connection = await openConnection({
    context: {
      clock,
      dial: dialTcp(clock),
      options,
      logger: silentLogger,
      cluster: new ClusterIdentity(),
      features: new FinalizedFeatures(),
    },
    target: { ...parseAddress(address), nodeId: UNKNOWN_NODE_ID },
    listener: { onClose: () => {}, onWritable: () => {} },
    signal: new AbortController().signal,
  })
  try {
    return new Map(APIS.map((api) => [api.name, connection.versions.version(api)]))
  } finally {
    connection.close(new ClosedError('all is asked'))
  }
}
