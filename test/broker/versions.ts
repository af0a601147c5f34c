/**
 * Which Kafka versions can be started, and everything that differs between them: Maven artifacts,
 * who keeps the cluster's metadata, and where Kafka keeps its tools. Nothing else in this folder
 * may ask for a version number.
 *
 * Neighbours: jars.ts fetches the artifacts, cluster.ts starts them, tools.ts runs the tools.
 */

/** What is particular to one Kafka version. */
export interface KafkaVersion {
  readonly version: string
  /** Maven coordinates `group:artifact:version` whose runtime dependencies make the class path. */
  readonly artifacts: readonly string[]
  /** Who keeps the metadata: the brokers themselves (KRaft), or a ZooKeeper beside them. */
  readonly metadata: 'kraft' | 'zookeeper'
  /** Whether Docker Hub has an `apache/kafka` image of it (they begin with 3.7). */
  readonly hasImage: boolean
  /** Main classes of Kafka's own tools. */
  readonly tools: {
    readonly storage: string
    readonly consoleConsumer: string
    readonly dumpLog: string
    /** kafka-transactions; none before 3.0. */
    readonly transactions: string | undefined
    /** kafka-features, where there is a `transaction.version` to set with it. */
    readonly features: string | undefined
  }
  /** What differs where it is started with guarded listeners (secured/). */
  readonly security: VersionSecurity
}

/** See `KafkaVersion.security`. */
export interface VersionSecurity {
  /** Who keeps the metadata then: KRaft has SCRAM users only since 3.5 (KIP-900). */
  readonly metadata: 'kraft' | 'zookeeper'
  /** Class of the authorizer that keeps its ACLs where the metadata is. */
  readonly authorizer: string
  /** Package of the handlers that take tokens of an OIDC issuer; none before 3.1 (KIP-768). */
  readonly oidcPackage: string | undefined
}

/** The version that tests, demo and benches use unless they ask for another. */
export const PINNED_VERSION = '4.3.1'

const SERVER = 'org.apache.kafka:kafka_2.13'
const TOOLS = 'org.apache.kafka:kafka-tools' // a jar of its own since 3.3

const STORAGE = 'kafka.tools.StorageTool'
const OLD_CONSUMER = 'kafka.tools.ConsoleConsumer'
const NEW_CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
const OLD_DUMP = 'kafka.tools.DumpLogSegments'
const NEW_DUMP = 'org.apache.kafka.tools.DumpLogSegments'
const TRANSACTIONS = 'org.apache.kafka.tools.TransactionsCommand'
const FEATURES = 'org.apache.kafka.tools.FeatureCommand'

const ZOOKEEPER_AUTHORIZER = 'kafka.security.authorizer.AclAuthorizer'
const KRAFT_AUTHORIZER = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
const OAUTH_PACKAGE = 'org.apache.kafka.common.security.oauthbearer'

const VERSIONS: readonly KafkaVersion[] = [
  {
    version: '2.8.2',
    hasImage: false,
    artifacts: [`${SERVER}:2.8.2`],
    metadata: 'zookeeper',
    tools: {
      storage: STORAGE,
      consoleConsumer: OLD_CONSUMER,
      dumpLog: OLD_DUMP,
      transactions: undefined,
      features: undefined,
    },
    security: { metadata: 'zookeeper', authorizer: ZOOKEEPER_AUTHORIZER, oidcPackage: undefined },
  },
  {
    version: '3.3.2',
    hasImage: false,
    artifacts: [`${SERVER}:3.3.2`, `${TOOLS}:3.3.2`],
    metadata: 'kraft',
    tools: {
      storage: STORAGE,
      consoleConsumer: OLD_CONSUMER,
      dumpLog: OLD_DUMP,
      transactions: TRANSACTIONS,
      features: undefined,
    },
    security: {
      metadata: 'zookeeper',
      authorizer: ZOOKEEPER_AUTHORIZER,
      oidcPackage: `${OAUTH_PACKAGE}.secured`,
    },
  },
  {
    version: '3.9.2',
    hasImage: true,
    artifacts: [`${SERVER}:3.9.2`, `${TOOLS}:3.9.2`],
    metadata: 'kraft',
    tools: {
      storage: STORAGE,
      consoleConsumer: NEW_CONSUMER,
      dumpLog: OLD_DUMP,
      transactions: TRANSACTIONS,
      features: undefined,
    },
    security: { metadata: 'kraft', authorizer: KRAFT_AUTHORIZER, oidcPackage: OAUTH_PACKAGE },
  },
  {
    version: '4.3.1',
    hasImage: true,
    artifacts: [`${SERVER}:4.3.1`, `${TOOLS}:4.3.1`],
    metadata: 'kraft',
    tools: {
      storage: STORAGE,
      consoleConsumer: NEW_CONSUMER,
      dumpLog: NEW_DUMP,
      transactions: TRANSACTIONS,
      features: FEATURES,
    },
    security: { metadata: 'kraft', authorizer: KRAFT_AUTHORIZER, oidcPackage: OAUTH_PACKAGE },
  },
]

/** Every version this folder knows how to start, oldest first. */
export const KNOWN_VERSIONS: readonly string[] = VERSIONS.map((entry) => entry.version)

/** The table's row for a version; throws for one that was never tried here. */
export function kafkaVersion(version: string): KafkaVersion {
  const found = VERSIONS.find((entry) => entry.version === version)
  if (found !== undefined) return found
  throw new Error(
    `Kafka ${version} is not in test/broker/versions.ts; use one of ${KNOWN_VERSIONS.join(', ')}, or add a row`,
  )
}
