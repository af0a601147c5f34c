/**
 * The options of a transactional producer: those of a producer, less what a transaction fixes, and two of
 * its own, which must fit the others.
 *
 * Before: the user. After: options/resolve-options.ts checks the rest.
 */
import { ConfigError } from '../../errors.js'
import type { Serialized } from '../../serialization/serializer.js'
import { kindOf, quote } from '../intake/record.js'
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
const MAX_INT32 = 2 ** 31 - 1
const MAX_ID_BYTES = 32_767

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
  if (Object(given) !== given) {
    throw new ConfigError(
      `a transactional producer's options are ${kindOf(given)}: give e.g. { brokers: ['localhost:9092'], transactionalId: 'orders-0' }`,
    )
  }
  const { transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS, ...rest } = given
  checkNames(rest)
  checkId(transactionalId)
  checkTimeout(transactionTimeoutMs)
  checkFixed(rest)
  const settings = { transactionalId, transactionTimeoutMs }
  return { producer: { ...rest, ...fitDelivery(rest, transactionTimeoutMs) }, settings }
}

/** Those of other clients for the two options that are not a producer's. */
function checkNames(given: object): void {
  for (const name of Object.keys(given)) {
    const ours = RENAMED[name.toLowerCase().replace(/[^a-z]/g, '')]
    if (ours === undefined) continue
    throw new ConfigError(`unknown option ${quote(name)}: did you mean ${ours}?`)
  }
}

function checkId(id: unknown): void {
  if (typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= MAX_ID_BYTES) return
  throw new ConfigError(
    `option transactionalId is ${kindOf(id)}: give a name of at most ${MAX_ID_BYTES} bytes that is this instance's own, and the same after a restart`,
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

/** A record must have failed before its transaction runs out of time. */
function fitDelivery(
  given: {
    readonly deliveryTimeoutMs?: unknown
    readonly requestTimeoutMs?: unknown
    readonly lingerMs?: unknown
  },
  transactionTimeoutMs: number,
): { deliveryTimeoutMs?: number } {
  for (const name of ['deliveryTimeoutMs', 'requestTimeoutMs', 'lingerMs'] as const) {
    const value = given[name]
    if (typeof value !== 'number' || value < transactionTimeoutMs) continue
    throw new ConfigError(
      `${name} (${value}) is not less than transactionTimeoutMs (${transactionTimeoutMs}): the coordinator would abort a transaction before its records have failed; lower ${quote(name)} or raise transactionTimeoutMs`,
    )
  }
  if (given.deliveryTimeoutMs !== undefined) return {}
  const limitMs = Math.max(1, Math.floor(localTimeoutMs(transactionTimeoutMs)))
  return { deliveryTimeoutMs: Math.min(DEFAULT_DELIVERY_TIMEOUT_MS, limitMs) }
}
