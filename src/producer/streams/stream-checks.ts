/**
 * Checks what streams and `sendEach` are told, when they are made.
 *
 * Before: stream-options.ts says what each option means. After: node-stream.ts, web-stream.ts, send-each.ts.
 */
import { ConfigError } from '../../errors.js'
import '../../globals.js'
import { checkCallOptions, checkSignalOption } from '../intake/call-checks.js'
import { checkTopicName, kindOf, type ProducerRecord } from '../records/record.js'
import type { RecordStreamOptions } from './stream-options.js'

/** Any of the three kinds of options. */
export interface AnyStreamOptions<T, K, V> extends RecordStreamOptions<T> {
  readonly topic?: string | undefined
  readonly toRecord?: ((chunk: T) => ProducerRecord<K, V>) | undefined
}

const NAMES = [
  ...['topic', 'toRecord', 'highWaterMark', 'onError', 'onRecordError', 'onAcknowledged', 'signal'],
]

/** Throws ConfigError. */
export function checkStreamOptions(
  call: string,
  options: AnyStreamOptions<never, unknown, unknown>,
): void {
  checkCallOptions(call, options, NAMES)
  for (const [name, value] of Object.entries(options)) {
    const mend = value === undefined ? null : mendOf(name, value)
    if (mend === null) continue
    throw new ConfigError(`${call} was given { ${name} } that is ${kindOf(value)}: ${mend}`)
  }
  if (options.topic !== undefined && options.toRecord !== undefined) {
    throw new ConfigError(`${call} was given { topic } and { toRecord }: give one of them`)
  }
  if (options.onRecordError !== undefined && options.onError !== 'continue') {
    throw new ConfigError(
      `${call} was given { onRecordError } and not onError: 'continue': the first failure is the stream's own`,
    )
  }
  checkSignalOption(call, options.signal)
}

/** What to give instead; null where the value fits. */
function mendOf(name: string, value: unknown): string | null {
  switch (name) {
    case 'topic':
      return isTopicName(value) ? null : 'give the name of a topic'
    case 'highWaterMark':
      return isCount(value) ? null : 'give a number of chunks from 1'
    case 'onError':
      return value === 'stop' || value === 'continue' ? null : "give 'stop' or 'continue'"
    case 'signal':
      return null // checkSignalOption looks at it
    default:
      return typeof value === 'function' ? null : 'give a function'
  }
}

/** Kafka could have a topic of this name: one that is wrong is wrong for every chunk. */
function isTopicName(value: unknown): boolean {
  try {
    checkTopicName(value)
    return true
  } catch {
    return false
  }
}

/** An integer from 1. */
export function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1
}
