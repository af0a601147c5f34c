/**
 * Checks each option by itself: its name, type and range. What options mean together is options.ts.
 */
import { ConfigError } from '../../errors.js'
import { missingLogMethod } from '../../logger.js'
import { parseAddress } from '../../network/address.js'
import { checkTlsShape } from '../../tls/tls-options.js'
import { addOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { endTxn } from '../../protocol/messages/end-txn.js'
import { findCoordinator } from '../../protocol/messages/find-coordinator.js'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'
import { apiVersions } from '../../protocol/messages/api-versions.js'
import { getTelemetrySubscriptions } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { initProducerId } from '../../protocol/messages/init-producer-id.js'
import { metadata } from '../../protocol/messages/metadata.js'
import { produce } from '../../protocol/messages/produce.js'
import { pushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { nearest } from '../../nearest.js'
import { checkPlain } from '../../plain-options.js'
import { mendOf } from './other-names.js'
import { kindOf, quote } from '../records/record.js'

/** Throws ConfigError where a value does not fit. */
type Check = (name: string, value: unknown) => void

/** The APIs that a producer speaks. */
const APIS: readonly string[] = [
  ...[apiVersions, metadata, initProducerId, produce, findCoordinator],
  ...[addPartitionsToTxn, addOffsetsToTxn, endTxn, txnOffsetCommit],
  ...[getTelemetrySubscriptions, pushTelemetry],
].map(({ name }) => name)
const MAX_INT32 = 2 ** 31 - 1

const milliseconds = (least: number): Check => integer(least, MAX_INT32, 'milliseconds')
const bytes = (least: number): Check => integer(least, MAX_INT32, 'bytes')

function integer(least: number, most: number, unit: string): Check {
  return (name, value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}: give an integer (${unit}) from ${least} to ${most}`,
    )
  }
}

const boolean: Check = (name, value) => {
  if (typeof value !== 'boolean') {
    throw new ConfigError(`option ${name} is ${kindOf(value)}: give true or false`)
  }
}

const aFunction: Check = (name, value) => {
  if (typeof value !== 'function') {
    throw new ConfigError(`option ${name} is ${kindOf(value)}: give a function`)
  }
}

const clientId: Check = (name, value) => {
  if (typeof value !== 'string' || Buffer.byteLength(value) > 32767) {
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}: give a string of at most 32767 bytes`,
    )
  }
}

const acks: Check = (name, value) => {
  if (value !== 'all' && value !== 0 && value !== 1) {
    const mend =
      value === -1 || value === '-1' ? "give 'all', which is -1 elsewhere" : "give 'all', 1 or 0"
    throw new ConfigError(`option ${name} is ${kindOf(value)}: ${mend}`)
  }
}

const brokers: Check = (name, value) => {
  const list = typeof value === 'string' ? entriesOf(value) : value
  if (!Array.isArray(list) || list.length === 0) {
    const given = Array.isArray(list) ? 'an empty list' : kindOf(value)
    throw new ConfigError(
      `option ${name} is ${given}: give at least one 'host:port', e.g. ['localhost:9092']`,
    )
  }
  for (const broker of list) {
    if (typeof broker !== 'string') {
      throw new ConfigError(
        `option ${name} has ${kindOf(broker)}: each broker is a 'host:port' string`,
      )
    }
    parseAddress(broker.trim())
  }
}

/** What stands before an @ may be a password, which may have commas too: it stays in one piece. */
function entriesOf(text: string): string[] {
  return text.includes('@') ? [text] : text.split(',')
}

const serializers: Check = (name, value) => {
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}: give { key, value }, each a function`,
    )
  }
  checkPlain(`option ${name}`, value, ['key', 'value'])
  for (const [part, serializer] of Object.entries(value)) {
    if (part !== 'key' && part !== 'value') {
      throw new ConfigError(`option ${name} has ${quote(part)}: only key and value can be there`)
    }
    if (serializer !== undefined) aFunction(`${name}.${part}`, serializer)
  }
}

const interceptors: Check = (name, value) => {
  if (!Array.isArray(value)) {
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}: give an array of interceptors, each { onSend, onOutcome }`,
    )
  }
  value.forEach((it: unknown, place) => checkInterceptor(`${name}[${place}]`, it))
}

function checkInterceptor(name: string, value: unknown): void {
  const { onSend, onOutcome } = Object(value) as Record<string, unknown>
  if (onSend !== undefined) aFunction(`${name}.onSend`, onSend)
  if (onOutcome !== undefined) aFunction(`${name}.onOutcome`, onOutcome)
  if (onSend !== undefined || onOutcome !== undefined) return
  throw new ConfigError(
    `option ${name} is ${kindOf(value)}: give an object with a function onSend, onOutcome, or both`,
  )
}

const logger: Check = (name, value) => {
  const missing = missingLogMethod(value)
  if (missing === undefined) return
  throw new ConfigError(
    `option ${name} has no function ${missing}: give an object with debug, info, warn and error, such as console, a logger of pino, bunyan or winston; or one of Nest's loggers`,
  )
}

const compression: Check = (name, value) => {
  if (typeof value === 'string') return // an unknown codec has an error of its own
  if (typeof value === 'object' && value !== null) {
    checkPlain(`option ${name}`, value, ['codec', 'level'])
  }
  const { codec, ...rest } = (value ?? {}) as { codec?: unknown }
  if (codec === 'auto') {
    throw new ConfigError(`option ${name} has codec 'auto', which has no level: give 'auto' alone`)
  }
  const others = Object.keys(rest).filter((key) => key !== 'level')
  if (typeof codec !== 'string' || others.length > 0) {
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}: give 'none', 'gzip', 'snappy', 'lz4', 'zstd' or 'auto', or { codec, level }`,
    )
  }
}

const versionCaps: Check = (name, value) => {
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError(`option ${name} is ${kindOf(value)}: give e.g. { Produce: 9 }`)
  }
  checkPlain(`option ${name}`, value, APIS)
  for (const [api, version] of Object.entries(value)) {
    if (!APIS.includes(api)) {
      throw new ConfigError(`option ${name} has ${quote(api)}: it can have ${APIS.join(', ')}`)
    }
    integer(0, 100, 'a version')(`${name}.${api}`, version)
  }
}

const tls: Check = (_name, value) => {
  if (typeof value !== 'boolean' && typeof value !== 'function') checkTlsShape(value)
}

const CHECKS: Readonly<Record<string, Check>> = {
  brokers,
  tls,
  sasl: () => undefined, // saslMechanism checks it, when the pipeline is built
  clientId,
  acks,
  idempotence: boolean,
  lingerMs: milliseconds(0),
  batchSizeBytes: bytes(512),
  maxRequestSizeBytes: bytes(512),
  bufferMemoryBytes: bytes(16_384),
  maxBlockMs: milliseconds(0),
  maxWaitingSends: integer(0, MAX_INT32, 'sends'),
  maxInFlight: integer(1, MAX_INT32, 'requests'),
  deliveryTimeoutMs: milliseconds(1),
  requestTimeoutMs: milliseconds(1),
  retries: integer(0, MAX_INT32, 'attempts'),
  retryBackoffMs: milliseconds(0),
  retryBackoffMaxMs: milliseconds(0),
  reconnectBackoffMs: milliseconds(0),
  reconnectBackoffMaxMs: milliseconds(0),
  connectionTimeoutMs: milliseconds(1),
  connectionsMaxIdleMs: milliseconds(1),
  metadataMaxAgeMs: milliseconds(1),
  metadataMaxIdleMs: milliseconds(1),
  createTopics: boolean,
  compression,
  partitioner: aFunction,
  partitionerIgnoreKeys: boolean,
  partitionerAdaptive: boolean,
  serializers,
  interceptors,
  logger,
  apiVersions: versionCaps,
  metricsPush: boolean,
}

export const OPTION_NAMES: readonly string[] = Object.keys(CHECKS)

/** Throws ConfigError unless every option is known and its value fits. */
export function checkShape(given: unknown): void {
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError(
      `a producer's options are ${kindOf(given)}: give e.g. { brokers: ['localhost:9092'] }`,
    )
  }
  checkPlain("a producer's options", given, OPTION_NAMES)
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  // Names first: whoever wrote `bootstrap.servers` has given no brokers, and should not be told so.
  for (const [name] of set) if (!isOption(name)) throw new ConfigError(unknown(name))
  const { brokers: addresses } = given as { brokers?: unknown }
  brokers('brokers', addresses)
  for (const [name, value] of set) CHECKS[name]?.(name, value)
}

/** True for the name of an option of a producer. */
export function isOption(name: string): boolean {
  return Object.hasOwn(CHECKS, name)
}

/** The option that was probably meant: another client's name for ours, a slip, or one cut short. */
function unknown(name: string): string {
  const known = OPTION_NAMES
  const mend = mendOf(name)
  const near = nearest(name, known) ?? nearest(name.replace(/(Ms|Bytes)$/, ''), known)
  const otherwise =
    near === undefined ? `the options are ${known.join(', ')}` : `did you mean ${near}?`
  return `unknown option ${quote(name)}: ${mend ?? otherwise}`
}
