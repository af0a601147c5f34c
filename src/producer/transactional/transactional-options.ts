/**
 * The options of a transactional producer: those of a producer, less what a transaction fixes, and two of
 * its own, which must fit the others.
 *
 * Before: the user. After: options/resolve-options.ts checks the rest.
 */
import { ConfigError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import { isWellFormed } from '../../serialization/well-formed.js'
import { checkPlain } from '../../plain-options.js'
import { OPTION_NAMES } from '../options/option-checks.js'
import { kindOf, MAX_NAME_BYTES, quote } from '../records/record.js'
import type { ProducerOptions } from '../options/options.js'
import { localTimeoutMs } from '../transactions/transaction-job.js'

/** What `new TransactionalProducer(options)` takes. `acks` is 'all' and `idempotence` true, always. */
export interface TransactionalProducerOptions<K = Serialized, V = Serialized> extends Omit<
  ProducerOptions<K, V>,
  'acks' | 'idempotence'
> {
  /**
   * The producer's name over restarts. Each running instance needs one of its own, the same after each
   * restart, such as the name of a StatefulSet's pod: a producer that registers an id fences the one before.
   * At most 32767 bytes. Java: transactional.id.
   */
  readonly transactionalId: string
  /**
   * How long a transaction may last before the coordinator aborts it, from its first record or offset on,
   * in ms. Ottla aborts it a sixth earlier, 10 s at the most. At most the brokers'
   * transaction.max.timeout.ms (900000 unless set there). `deliveryTimeoutMs` must be less, and is by
   * default. Default 60000. Java: transaction.timeout.ms.
   */
  readonly transactionTimeoutMs?: number | undefined
}

/** What is left of them for the manager. @internal */
export interface TransactionalSettings {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000
const DEFAULT_DELIVERY_TIMEOUT_MS = 120_000
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000
const MAX_INT32 = 2 ** 31 - 1

const OWN = ['transactionalId', 'transactionTimeoutMs']

/** Other clients' names, of which letters alone count. */
const RENAMED: Readonly<Record<string, string>> = {
  transactionalid: 'transactionalId',
  transactiontimeout: 'transactionTimeoutMs',
  transactiontimeoutms: 'transactionTimeoutMs',
}

/** Splits the options in two. Throws ConfigError. @internal */
export function splitOptions<K, V>(
  given: TransactionalProducerOptions<K, V>,
): { producer: ProducerOptions<K, V>; settings: TransactionalSettings } {
  checkObject("a transactional producer's options", given)
  const { transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS, ...rest } = given
  checkNames(rest)
  checkId(transactionalId)
  checkTimeout(transactionTimeoutMs)
  checkFixed(rest)
  const settings = { transactionalId, transactionTimeoutMs }
  return { producer: { ...rest, ...fitDelivery(rest, transactionTimeoutMs) }, settings }
}

/** What can be split without losing any; `others` it has too. Throws ConfigError. @internal */
export function checkObject(what: string, given: object, others: readonly string[] = []): void {
  if (Object(given) !== given) {
    throw new ConfigError(
      `${what} are ${kindOf(given)}: give e.g. { brokers: ['localhost:9092'], transactionalId: 'orders-0' }`,
    )
  }
  checkPlain(what, given, [...others, ...OWN, ...OPTION_NAMES])
}

/** Those of other clients for the two options that are not a producer's. */
function checkNames(given: object): void {
  for (const name of Object.keys(given)) {
    const letters = name.toLowerCase().replace(/[^a-z]/g, '')
    if (!Object.hasOwn(RENAMED, letters)) continue
    throw new ConfigError(`unknown option ${quote(name)}: did you mean ${RENAMED[letters]}?`)
  }
}

function checkId(id: unknown): void {
  if (typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= MAX_NAME_BYTES) {
    if (isWellFormed(id)) return
    throw new ConfigError(
      `option transactionalId is ${kindOf(id)}, with an unpaired surrogate, which UTF-8 cannot carry: another such id would be the same to the brokers; leave it out`,
    )
  }
  throw new ConfigError(
    `option transactionalId is ${kindOf(id)}: give a name of at most ${MAX_NAME_BYTES} bytes that is this instance's own, and the same after a restart`,
  )
}

function checkTimeout(timeoutMs: unknown): void {
  if (
    Number.isInteger(timeoutMs) &&
    (timeoutMs as number) >= 1 &&
    (timeoutMs as number) <= MAX_INT32
  ) {
    return
  }
  throw new ConfigError(
    `option transactionTimeoutMs is ${kindOf(timeoutMs)}: give an integer (milliseconds) from 1 to ${MAX_INT32}`,
  )
}

/** What a transaction needs, whatever the types were told. */
function checkFixed(given: { acks?: unknown; idempotence?: unknown; retries?: unknown }): void {
  const needs = (name: string, value: unknown): never => {
    throw new ConfigError(
      `option ${name} is ${kindOf(value)}, and a transaction needs acks 'all', idempotence and retries: leave ${name} out`,
    )
  }
  const { acks = 'all', idempotence = true, retries = 1 } = given
  if (acks !== 'all') needs('acks', acks)
  if (idempotence !== true) needs('idempotence', idempotence)
  if (retries === 0) needs('retries', retries)
}

interface Times {
  readonly deliveryTimeoutMs?: unknown
  readonly requestTimeoutMs?: unknown
  readonly lingerMs?: unknown
}

/** A record must have failed before its transaction runs out of time. */
function fitDelivery(given: Times, transactionTimeoutMs: number): { deliveryTimeoutMs?: number } {
  for (const name of ['deliveryTimeoutMs', 'requestTimeoutMs', 'lingerMs'] as const) {
    const value = given[name]
    if (typeof value !== 'number' || value < transactionTimeoutMs) continue
    throw new ConfigError(
      `${name} (${value}) is not less than transactionTimeoutMs (${transactionTimeoutMs}): the coordinator would abort a transaction before its records have failed; lower ${quote(name)} or raise transactionTimeoutMs`,
    )
  }
  const limitMs = Math.max(1, Math.floor(localTimeoutMs(transactionTimeoutMs)))
  const usualMs = Math.min(DEFAULT_DELIVERY_TIMEOUT_MS, limitMs)
  const leastMs = leastDeliveryMs(given, usualMs, transactionTimeoutMs)
  return given.deliveryTimeoutMs === undefined
    ? { deliveryTimeoutMs: Math.max(usualMs, leastMs) }
    : {}
}

/**
 * What linger and one answer take, of which `deliveryTimeoutMs` may not be less. The default of
 * `requestTimeoutMs` gives way while `lingerMs` leaves time for an answer.
 */
function leastDeliveryMs(given: Times, usualMs: number, transactionTimeoutMs: number): number {
  const { lingerMs = 0, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = given
  if (!Number.isInteger(lingerMs) || !Number.isInteger(requestTimeoutMs)) return 0 // refused later
  const isSet = given.requestTimeoutMs !== undefined
  if (!isSet && (given.deliveryTimeoutMs !== undefined || (lingerMs as number) < usualMs)) return 0
  const leastMs = (lingerMs as number) + (requestTimeoutMs as number)
  if (leastMs < transactionTimeoutMs) return leastMs
  throw new ConfigError(
    `lingerMs (${String(lingerMs)}) + requestTimeoutMs (${String(requestTimeoutMs)}${isSet ? '' : ', its default'}) is not less than transactionTimeoutMs (${transactionTimeoutMs}): a transaction would be out of time before the first answer; raise transactionTimeoutMs, or lower one of the others`,
  )
}
