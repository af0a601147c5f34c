/**
 * The task's settings as librdkafka's, for all that are built on it. Recommended: its own defaults
 * (lingering 5 ms, batches of 1,000,000 bytes) but for acks, idempotence and codec.
 */
import type { SubjectTask } from '../contract.js'

export function librdkafkaSettings(task: SubjectTask): Record<string, string | number | boolean> {
  const { acks, idempotence, lingerMs, batchSizeBytes, maxInFlight, compression } = task.settings
  const needed = {
    acks: acks === 'all' ? -1 : acks,
    'enable.idempotence': idempotence,
    'compression.codec': compression,
    'queue.buffering.max.messages': 1_000_000,
  }
  if (task.recommended) return needed
  return {
    ...needed,
    'linger.ms': lingerMs,
    'batch.size': batchSizeBytes,
    'batch.num.messages': 1_000_000, // 10,000 by default: bytes are to be the limit
    'max.in.flight.requests.per.connection': maxInFlight,
  }
}
