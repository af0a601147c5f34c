import t from 'tap'
import { FinalizedFeatures } from '../../src/network/finalized-features.js'

const TRANSACTION_VERSION = 'transaction.version'

/** The answer of a broker that knows of this level. */
function answer(epoch: bigint, level: number, name = TRANSACTION_VERSION) {
  const feature = { name, maxVersionLevel: level, minVersionLevel: 0 }
  return { finalizedFeaturesEpoch: epoch, finalizedFeatures: [feature] }
}

t.test('a feature that nobody has finalized is at level 0', async (t) => {
  const features = new FinalizedFeatures()
  t.equal(features.level(TRANSACTION_VERSION), 0)
  features.learn(answer(0n, 7, 'metadata.version'))
  t.equal(features.level(TRANSACTION_VERSION), 0)
  t.equal(features.level('metadata.version'), 7)
})

t.test('the highest epoch is believed, in whatever order brokers answer', async (t) => {
  const features = new FinalizedFeatures()
  features.learn(answer(5n, 1))
  t.equal(features.level(TRANSACTION_VERSION), 1)
  features.learn(answer(9n, 2))
  t.equal(features.level(TRANSACTION_VERSION), 2)
  features.learn(answer(8n, 1))
  t.equal(features.level(TRANSACTION_VERSION), 2, 'a broker that lags')
  features.learn(answer(10n, 1))
  t.equal(features.level(TRANSACTION_VERSION), 1, 'a downgrade')
})

t.test('a feature that is gone from a later answer is finalized no longer', async (t) => {
  const features = new FinalizedFeatures()
  features.learn(answer(5n, 2))
  features.learn({ finalizedFeaturesEpoch: 6n, finalizedFeatures: [] })
  t.equal(features.level(TRANSACTION_VERSION), 0)
})

t.test('an answer without an epoch says nothing', async (t) => {
  const features = new FinalizedFeatures()
  features.learn(answer(-1n, 2))
  t.equal(features.level(TRANSACTION_VERSION), 0)
  features.learn(answer(3n, 2))
  features.learn({ finalizedFeaturesEpoch: -1n, finalizedFeatures: [] })
  t.equal(features.level(TRANSACTION_VERSION), 2)
})

t.test('epochs begin anew in another cluster', async (t) => {
  const features = new FinalizedFeatures()
  features.learn(answer(900n, 2))
  features.forget()
  t.equal(features.level(TRANSACTION_VERSION), 0)
  features.learn(answer(4n, 1))
  t.equal(features.level(TRANSACTION_VERSION), 1)
})
