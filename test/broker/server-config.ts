/**
 * The `server.properties` of a test broker: small, quick to start, quick to notice a dead
 * neighbour; else Kafka's own defaults. Keys that a version does not know are ignored by it, so one
 * list serves all versions.
 *
 * Neighbours: node.ts writes the file that is made here.
 */

/** Where one node of a cluster lives. */
export interface NodePlace {
  readonly id: number
  readonly port: number
  /** The KRaft controller's port; not used with ZooKeeper. */
  readonly controllerPort: number
  /** The folder of its properties, log and data. */
  readonly folder: string
  /** Where clients come in that are to pass through a proxy, whose port is what they are told. */
  readonly proxied?: ProxiedPlace | undefined
  /** Listeners besides those; a client of theirs is told `localhost`. */
  readonly listeners?: readonly ListenerPlace[]
}

/** The listener behind a proxy. */
export interface ProxiedPlace {
  readonly port: number
  readonly proxyPort: number
  /** Default PLAINTEXT. Its own settings begin with `listener.name.client.`. */
  readonly protocol?: ListenerPlace['protocol'] | undefined
}

/** A listener besides PLAINTEXT. */
export interface ListenerPlace {
  /** In capitals: `MTLS`. Its own settings begin with `listener.name.mtls.`. */
  readonly name: string
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  readonly port: number
}

/** What all nodes of a cluster share. */
export interface ClusterPlan {
  readonly places: readonly NodePlace[]
  /** `host:port` of ZooKeeper, or undefined for KRaft. */
  readonly zookeeper: string | undefined
  /** The caller's settings; they win over all others. */
  readonly config: Readonly<Record<string, string>>
  /** Of the brokers' Java; they win over ours. */
  readonly jvmFlags?: readonly string[]
}

/** ZooKeeper forgets a broker that was killed after this long; until then it cannot come back. */
export const ZOOKEEPER_SESSION_MS = 4_000

/** The whole properties file of one node. */
export function serverProperties(plan: ClusterPlan, place: NodePlace): string {
  const properties = {
    ...common(plan.places.length),
    ...(plan.zookeeper === undefined ? kraft(plan, place) : zookeeper(plan.zookeeper, place)),
    'log.dirs': `${place.folder}/data`,
    ...plan.config,
  }
  return propertiesText(properties)
}

/** Settings as a Java properties file has them. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${escaped(value)}`)
  return `${lines.join('\n')}\n`
}

function common(nodes: number): Record<string, string> {
  const replicas = String(nodes)
  const minInSync = nodes > 1 ? '2' : '1'
  return {
    'auto.create.topics.enable': 'true',
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '3', // 50 by default: seconds of work for the first consumer
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    'log.retention.ms': '-1', // tests write records of old: after 30 s they would be deleted
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': '8388608', // 128 MiB by default, of a heap of 512
    'controlled.shutdown.retry.backoff.ms': '500',
  }
}

function kraft(plan: ClusterPlan, place: NodePlace): Record<string, string> {
  const voters = plan.places.map((other) => `${other.id}@127.0.0.1:${other.controllerPort}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    ...listeners(place, [`CONTROLLER://127.0.0.1:${place.controllerPort}`]),
    'inter.broker.listener.name': 'PLAINTEXT',
    'broker.heartbeat.interval.ms': '500',
    'broker.session.timeout.ms': '4000', // 9,000 by default: how long a dead leader stays leader
  }
}

function zookeeper(address: string, place: NodePlace): Record<string, string> {
  return {
    'broker.id': String(place.id),
    'zookeeper.connect': address,
    'zookeeper.session.timeout.ms': String(ZOOKEEPER_SESSION_MS),
    ...listeners(place, []),
    'inter.broker.listener.name': 'PLAINTEXT',
  }
}

/** `unadvertised`: listeners of which clients are told nothing. */
function listeners(place: NodePlace, unadvertised: readonly string[]): Record<string, string> {
  const { port, proxied, listeners: others = [] } = place
  const at = (name: string, at: number, host = '127.0.0.1'): string => `${name}://${host}:${at}`
  const client = (port: number | undefined): string[] =>
    port === undefined ? [] : [at('CLIENT', port)]
  const bound = others.map((other) => at(other.name, other.port))
  const told = others.map((other) => at(other.name, other.port, 'localhost'))
  const protocols = others.map(({ name, protocol }) => `${name}:${protocol}`)
  const plain = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT']
  const clients = `CLIENT:${proxied?.protocol ?? 'PLAINTEXT'}`
  const join = (...items: readonly string[]): string => items.join(',')
  return {
    listeners: join(at('PLAINTEXT', port), ...unadvertised, ...client(proxied?.port), ...bound),
    'advertised.listeners': join(at('PLAINTEXT', port), ...client(proxied?.proxyPort), ...told),
    'listener.security.protocol.map': [...plain, clients, ...protocols].join(','),
  }
}

/** Java's properties format takes a backslash as an escape, and bytes as ISO 8859-1. */
function escaped(value: string): string {
  const ascii = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return ascii.replace(
    /[^\n -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
