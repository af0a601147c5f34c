/**
 * From what a user gave to options that are all there, checked once by the constructor. An unknown option,
 * a value out of range, or two options set explicitly that contradict each other is a ConfigError that
 * names both and the fix; where only one of the two was set, the other's default gives way.
 *
 * Neighbours: options.ts says what each means; option-checks.ts looks at each by itself; the producer's
 * constructor calls.
 */
import { ConfigError } from '../../errors.js'
import { TlsCredentials } from '../../network/tls/secure-context.js'
import type { TlsOption } from '../../tls/tls-options.js'
import { bufferSizeFor } from '../../protocol/record-batch.js'
import { Secret } from '../../secret.js'
import { checkShape } from './option-checks.js'
import { UNLIMITED_RETRIES, type ProducerOptions, type ResolvedOptions } from './options.js'

const DEFAULTS = {
  clientId: 'ottla',
  acks: 'all',
  idempotence: true,
  lingerMs: 0,
  batchSizeBytes: 524_288,
  maxRequestSizeBytes: 1_048_576,
  bufferMemoryBytes: 33_554_432,
  maxBlockMs: 60_000,
  maxWaitingSends: 100_000,
  maxInFlight: 5,
  deliveryTimeoutMs: 120_000,
  requestTimeoutMs: 30_000,
  retries: UNLIMITED_RETRIES,
  retryBackoffMs: 50,
  retryBackoffMaxMs: 500,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 500,
  connectionTimeoutMs: 10_000,
  connectionsMaxIdleMs: 540_000,
  metadataMaxAgeMs: 300_000,
  metadataMaxIdleMs: 300_000,
  createTopics: true,
  compression: 'none',
  partitioner: undefined,
  partitionerIgnoreKeys: false,
  partitionerAdaptive: true,
  serializers: {},
  interceptors: [],
  logger: undefined,
  apiVersions: {},
  metricsPush: true,
  transactionalId: null,
  transactionTimeoutMs: 60_000,
} as const

/** A broker remembers the last five batches of a producer and partition. */
const MAX_IN_FLIGHT_IDEMPOTENT = 5

type Warn = (message: string) => void

/**
 * Checks what the user gave and fills in the rest. Throws ConfigError; `warn` is told what gives way.
 *
 * @internal
 */
export function resolveOptions<K, V>(
  given: ProducerOptions<K, V>,
  warn: Warn,
): ResolvedOptions<K, V> {
  checkShape(given)
  const set = withoutUndefined(given)
  const brokers = typeof given.brokers === 'string' ? given.brokers.split(',') : given.brokers
  const all = { ...DEFAULTS, ...set, brokers: brokers.map((broker) => broker.trim()) }
  const withTimes = { ...all, ...fitTimes(all, set) }
  const withSizes = { ...withTimes, ...fitSizes(withTimes, set) }
  const idempotence = fitIdempotence(withSizes, set, warn)
  const sasl = given.sasl === undefined ? undefined : new Secret(given.sasl)
  return { ...withSizes, idempotence, tls: tlsCredentials(given.tls, warn), sasl }
}

function tlsCredentials(option: TlsOption | undefined, warn: Warn): TlsCredentials | undefined {
  return option === undefined || option === false ? undefined : new TlsCredentials(option, warn)
}

type Given = Partial<Record<keyof ProducerOptions, unknown>>
type NumberOption =
  | 'retryBackoffMs'
  | 'retryBackoffMaxMs'
  | 'reconnectBackoffMs'
  | 'reconnectBackoffMaxMs'
  | 'batchSizeBytes'
  | 'maxRequestSizeBytes'
  | 'bufferMemoryBytes'
type Numbers<Name extends keyof ResolvedOptions<unknown, unknown>> = Pick<
  ResolvedOptions<unknown, unknown>,
  Name
>

/** Nor what holds secrets, which is never spread. */
function withoutUndefined<K, V>(
  given: ProducerOptions<K, V>,
): Omit<DefinedOptions<K, V>, 'brokers' | 'tls' | 'sasl'> {
  const { tls: _tls, sasl: _sasl, ...plain } = given
  const entries = Object.entries(plain).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}

type DefinedOptions<K, V> = {
  [Name in keyof ProducerOptions<K, V>]?: Exclude<ProducerOptions<K, V>[Name], undefined>
}

/** deliveryTimeoutMs >= lingerMs + requestTimeoutMs, and each maximum >= its minimum. */
function fitTimes(
  all: Numbers<
    | 'lingerMs'
    | 'requestTimeoutMs'
    | 'deliveryTimeoutMs'
    | 'retryBackoffMs'
    | 'retryBackoffMaxMs'
    | 'reconnectBackoffMs'
    | 'reconnectBackoffMaxMs'
  >,
  set: Given,
): Partial<
  Numbers<
    | 'requestTimeoutMs'
    | 'deliveryTimeoutMs'
    | 'retryBackoffMaxMs'
    | 'retryBackoffMs'
    | 'reconnectBackoffMaxMs'
    | 'reconnectBackoffMs'
  >
> {
  return {
    ...fitDelivery(all, set),
    ...fitPair(all, set, 'retryBackoffMs', 'retryBackoffMaxMs'),
    ...fitPair(all, set, 'reconnectBackoffMs', 'reconnectBackoffMaxMs'),
  }
}

function fitDelivery(
  {
    lingerMs,
    requestTimeoutMs,
    deliveryTimeoutMs,
  }: Numbers<'lingerMs' | 'requestTimeoutMs' | 'deliveryTimeoutMs'>,
  set: Given,
): Partial<Numbers<'requestTimeoutMs' | 'deliveryTimeoutMs'>> {
  if (deliveryTimeoutMs >= lingerMs + requestTimeoutMs) return {}
  if (set.deliveryTimeoutMs === undefined) return { deliveryTimeoutMs: lingerMs + requestTimeoutMs }
  if (set.requestTimeoutMs === undefined && deliveryTimeoutMs > lingerMs) {
    return { requestTimeoutMs: deliveryTimeoutMs - lingerMs }
  }
  const isAlone = set.requestTimeoutMs === undefined // with no time left, whatever it gives way
  const other = isAlone ? 'lingerMs' : 'lingerMs + requestTimeoutMs'
  const least = isAlone
    ? `more than lingerMs (${lingerMs})`
    : `at least ${other} (${lingerMs} + ${requestTimeoutMs})`
  throw new ConfigError(
    `deliveryTimeoutMs (${deliveryTimeoutMs}) is not ${least}: a batch would run out of time before its first answer; raise deliveryTimeoutMs or lower ${other}`,
  )
}

/** `low` must not be above `high`: the one that was not set gives way. */
function fitPair<Low extends NumberOption, High extends NumberOption>(
  all: Numbers<Low | High>,
  set: Given,
  low: Low,
  high: High,
): Partial<Numbers<Low | High>> {
  const lowest: number = all[low]
  const highest: number = all[high]
  if (lowest <= highest) return {}
  if (set[low] !== undefined && set[high] !== undefined) {
    throw new ConfigError(
      `${low} (${lowest}) is more than ${high} (${highest}): lower the first or raise the second`,
    )
  }
  const fitted = set[low] === undefined ? { [low]: highest } : { [high]: lowest }
  return fitted as Partial<Numbers<Low | High>>
}

/** A batch must fit a request, and the memory. */
function fitSizes(
  all: Numbers<'batchSizeBytes' | 'maxRequestSizeBytes' | 'bufferMemoryBytes'>,
  set: Given,
): Partial<Numbers<'batchSizeBytes' | 'maxRequestSizeBytes' | 'bufferMemoryBytes'>> {
  const request = fitPair(all, set, 'batchSizeBytes', 'maxRequestSizeBytes')
  const memory = fitPair({ ...all, ...request }, set, 'batchSizeBytes', 'bufferMemoryBytes')
  const fitted = { ...all, ...request, ...memory }
  const roomBytes = fitted.bufferMemoryBytes - bufferSizeFor(0)
  return { ...request, ...memory, batchSizeBytes: Math.min(fitted.batchSizeBytes, roomBytes) }
}

/** Idempotence needs acks 'all', retries, and at most five requests in flight. */
function fitIdempotence(
  {
    idempotence,
    acks,
    retries,
    maxInFlight,
  }: Numbers<'idempotence' | 'acks' | 'retries' | 'maxInFlight'>,
  set: Given,
  warn: Warn,
): boolean {
  if (!idempotence) return false
  const clash = acks !== 'all' ? `acks: ${acks}` : retries === 0 ? 'retries: 0' : null
  if (clash === null) {
    if (maxInFlight <= MAX_IN_FLIGHT_IDEMPOTENT) return true
    throw new ConfigError(
      `maxInFlight (${maxInFlight}) is more than ${MAX_IN_FLIGHT_IDEMPOTENT}, which idempotence cannot keep in order: lower maxInFlight, or set idempotence: false`,
    )
  }
  if (set.idempotence === true) {
    throw new ConfigError(
      `idempotence: true needs acks: 'all' and retries above 0, and ${clash} is set: leave one of them out`,
    )
  }
  warn(`${clash} turns idempotence off: a retry may double or reorder records`)
  return false
}
