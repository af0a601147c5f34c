/**
 * The settings of a topic that the test cluster acts on, with Kafka's names and defaults; Kafka's
 * other topic settings are accepted and change nothing.
 *
 * Spec: Kafka's TopicConfig and LogConfig. Neighbours: topic.ts holds one; batch-check.ts obeys it.
 */

/** Settings by Kafka's name, as in CreateTopics; values as text. */
export type TopicSettings = Readonly<Record<string, string>>

/** The settings that matter here. */
export interface TopicConfig {
  /** `cleanup.policy` contains `compact`: records need a key. Default false. */
  readonly isCompacted: boolean
  /** `max.message.bytes`: largest batch. Default 1048588. */
  readonly maxMessageBytes: number
  /** `min.insync.replicas`: with acks all, fewer refuse. Default 1. */
  readonly minInSyncReplicas: number
  /** `message.timestamp.type` is LogAppendTime. Default false. */
  readonly hasLogAppendTime: boolean
  /** `message.timestamp.after.max.ms`: how far ahead of the broker. Default one hour. */
  readonly timestampAfterMaxMs: number
  /** `message.timestamp.before.max.ms`: how far behind it. Default: any. */
  readonly timestampBeforeMaxMs: number
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588 // one MiB and the overhead of a batch in the log
const DEFAULT_TIMESTAMP_AFTER_MAX_MS = 3_600_000

const WITHOUT_EFFECT = [
  'compression.gzip.level', 'compression.lz4.level', 'compression.type', 'compression.zstd.level',
  'delete.retention.ms', 'file.delete.delay.ms', 'flush.messages', 'flush.ms',
  'follower.replication.throttled.replicas', 'index.interval.bytes',
  'leader.replication.throttled.replicas', 'local.retention.bytes', 'local.retention.ms',
  'max.compaction.lag.ms', 'min.cleanable.dirty.ratio', 'min.compaction.lag.ms', 'preallocate',
  'remote.log.copy.disable', 'remote.log.delete.on.disable', 'remote.storage.enable',
  'retention.bytes', 'retention.ms', 'segment.bytes', 'segment.index.bytes', 'segment.jitter.ms',
  'segment.ms', 'unclean.leader.election.enable',
] // prettier-ignore

const WITH_EFFECT = [
  'cleanup.policy',
  'max.message.bytes',
  'min.insync.replicas',
  'message.timestamp.type',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
]

const NAMES: ReadonlySet<string> = new Set([...WITH_EFFECT, ...WITHOUT_EFFECT])

/** The settings as numbers and flags. Throws RangeError for a name or value that Kafka refuses. */
export function readTopicConfig(settings: TopicSettings): TopicConfig {
  for (const name of Object.keys(settings)) {
    if (!NAMES.has(name)) throw new RangeError(`Unknown topic config name: ${name}`)
  }
  const policies = (settings['cleanup.policy'] ?? 'delete').split(',').map((it) => it.trim())
  requireOneOf('cleanup.policy', policies, ['delete', 'compact', ''])
  const timestampType = settings['message.timestamp.type'] ?? 'CreateTime'
  requireOneOf('message.timestamp.type', [timestampType], ['CreateTime', 'LogAppendTime'])
  return {
    isCompacted: policies.includes('compact'),
    maxMessageBytes: integer(settings, 'max.message.bytes', 0, DEFAULT_MAX_MESSAGE_BYTES),
    minInSyncReplicas: integer(settings, 'min.insync.replicas', 1, 1),
    hasLogAppendTime: timestampType === 'LogAppendTime',
    timestampAfterMaxMs: integer(
      settings,
      'message.timestamp.after.max.ms',
      0,
      DEFAULT_TIMESTAMP_AFTER_MAX_MS,
    ),
    timestampBeforeMaxMs: integer(settings, 'message.timestamp.before.max.ms', 0, Infinity),
  }
}

function integer(
  settings: TopicSettings,
  name: string,
  atLeast: number,
  defaultValue: number,
): number {
  const text = settings[name]
  if (text === undefined) return defaultValue
  const value = Number(text)
  if (/^\d+$/.test(text.trim()) && value >= atLeast) return value
  throw new RangeError(`Invalid value ${text} for configuration ${name}`)
}

function requireOneOf(name: string, values: readonly string[], allowed: readonly string[]): void {
  for (const value of values) {
    if (!allowed.includes(value)) {
      throw new RangeError(`Invalid value ${value} for configuration ${name}`)
    }
  }
}
