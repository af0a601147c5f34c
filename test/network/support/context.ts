/** A network context for tests: a manual clock, an in-memory network, chance that never varies. */
import { silentLogger } from '../../../src/logger.js'
import { FinalizedFeatures } from '../../../src/network/finalized-features.js'
import { ClusterIdentity } from '../../../src/network/metadata/cluster-identity.js'
import type { NetworkContext } from '../../../src/network/context.js'
import type { NetworkOptions } from '../../../src/network/options.js'
import { ManualClock } from '../../support/manual-clock.js'
import { MemoryNetwork } from './memory-network.js'

export const OPTIONS: NetworkOptions = {
  bootstrap: [{ host: 'boot', port: 9092 }],
  clientId: 'test',
  requestTimeoutMs: 30_000,
  connectionTimeoutMs: 10_000,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1_000,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  metadataMaxAgeMs: 300_000,
  metadataMaxIdleMs: 300_000,
  createTopics: true,
  connectionsMaxIdleMs: 540_000,
  apiVersions: {},
}

/** Jitter vanishes at 0.5. */
const MIDDLE = (): number => 0.5

export interface TestContext extends NetworkContext {
  readonly clock: ManualClock
  readonly network: MemoryNetwork
}

export function testContext(options: Partial<NetworkOptions> = {}): TestContext {
  const network = new MemoryNetwork()
  return {
    clock: new ManualClock(),
    network,
    dial: network.dial,
    random: MIDDLE,
    options: { ...OPTIONS, ...options },
    logger: silentLogger,
    cluster: new ClusterIdentity(),
    features: new FinalizedFeatures(),
  }
}
