/**
 * Every error that Ottla hands to its user: one small tree.
 *
 *   OttlaError                  code, retriable, cause
 *   ├─ ConfigError              an option is unknown, out of range or contradicts another
 *   ├─ ProtocolError            bytes that do not follow Kafka's protocol
 *   ├─ ConnectionError          a socket could not be opened, or closed under a request
 *   ├─ BrokerError              a broker answered a request with an error code
 *   ├─ TimeoutError             a wait that is not about one record (connect, metadata) ran out
 *   └─ DeliveryError            a record was not acknowledged; `outcome` says what is known
 *      ├─ InvalidRecordError    the record, or its topic's name, is not one Kafka can take
 *      ├─ SerializationError    key, value or header could not be turned into bytes
 *      ├─ RecordTooLargeError   larger than `maxRequestSizeBytes`, `bufferMemoryBytes` or the broker's limit
 *      ├─ BufferFullError       no room in `bufferMemoryBytes` within `maxBlockMs`
 *      ├─ TopicUnavailableError the topic's metadata did not come, or the broker refuses the topic
 *      ├─ DeliveryTimeoutError  `deliveryTimeoutMs` ran out
 *      ├─ AbortedError          the caller's AbortSignal fired
 *      ├─ ClosedError           the producer is closed
 *      ├─ AuthenticationError   the brokers refuse the credentials, or we refuse the broker's proof
 *      ├─ AuthorizationError    the cluster forbids the operation; names it, the resource and the fix
 *      ├─ FatalError            the producer has failed as a whole; every later call says so
 *      ├─ TransactionAbortedError  nothing of the transaction is visible to read_committed
 *      ├─ TransactionUnknownError  the answer to a commit was lost, and cannot be had any more
 *      ├─ TransactionStateError    the call does not fit the transaction's state, as a send after commit
 *      ├─ FencedError           a newer producer has the transactional id; this one is over
 *      └─ SendAllError          some records of a `sendAll` failed; holds every result
 *
 * `instanceof` holds across copies: the package has one for `import` and one for `require`, and a
 * bundle may bring its own. Each class of the tree has a mark with its name on its prototype, and an
 * error of another copy is an instance where a prototype of its chain has the same mark. A class that
 * a user derives from one of them has no mark, and means itself alone.
 *
 * Neighbours: thrown.ts, for causes, and a type of record-metadata.ts; nothing else is imported here, and
 * every room may import it.
 */
import type { RecordMetadata } from './record-metadata.js'
import { fitCause } from './thrown.js'

/** Where the mark is; the same symbol in every copy, and in every realm of the process. */
const MARK = Symbol.for('ottla.error')

/**
 * What is known of a record that was not acknowledged:
 * - `not-written`: it never left this process, or no attempt can have reached a log;
 * - `unknown`: it was sent, or was about to be, and no answer says for certain what became of it: the
 *   answer was lost, or is an error that can also come after a write, or nobody waited for it any more;
 * - `rejected`: the broker refused it, and no earlier attempt can have been written.
 */
export type DeliveryOutcome = 'not-written' | 'unknown' | 'rejected'

/** Fields that any Ottla error may carry besides its message. */
export interface OttlaErrorOptions {
  readonly cause?: unknown
  readonly retriable?: boolean
}

/** Root of the tree. `code` is stable across releases; messages are not. */
export class OttlaError extends Error {
  /** Stable identifier such as `ERR_OTTLA_CONFIG`. */
  readonly code: string
  /** True where the same call may succeed later with nothing changed by the caller. */
  readonly retriable: boolean

  constructor(code: string, message: string, options: OttlaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: fitCause(options.cause) })
    this.name = new.target.name
    this.code = code
    this.retriable = options.retriable ?? false
  }

  /** True for an error of this class, whichever copy of Ottla made it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const mark = markOf(this.prototype)
    for (let it = value; typeof it === 'object' && it !== null; it = Object.getPrototypeOf(it)) {
      if (it === this.prototype || (mark !== undefined && markOf(it) === mark)) return true
    }
    return false
  }
}

/** The name that a class of the tree has left on this prototype; undefined on any other object. */
function markOf(prototype: object): unknown {
  return Object.getOwnPropertyDescriptor(prototype, MARK)?.value
}

/**
 * An option is unknown, out of range, or contradicts another one; thrown by the constructor, and by any
 * call whose own options are wrong (an asynchronous one rejects with it).
 */
export class ConfigError extends OttlaError {
  constructor(message: string, options: OttlaErrorOptions = {}) {
    super('ERR_OTTLA_CONFIG', message, options)
  }
}

/** Where in which message the bytes stopped making sense. */
export interface ProtocolErrorOptions extends OttlaErrorOptions {
  readonly apiName?: string | undefined
  readonly version?: number | undefined
  /** Byte offset within the frame or buffer being read. */
  readonly offset?: number | undefined
}

/** Bytes that do not follow Kafka's protocol, or a value that its wire types cannot carry. */
export class ProtocolError extends OttlaError {
  readonly apiName: string | undefined
  readonly version: number | undefined
  readonly offset: number | undefined

  constructor(message: string, options: ProtocolErrorOptions = {}) {
    super('ERR_OTTLA_PROTOCOL', message, options)
    this.apiName = options.apiName
    this.version = options.version
    this.offset = options.offset
  }
}

/** What a connection was doing when it failed. */
export type ConnectionPhase =
  'resolve' | 'connect' | 'tls' | 'handshake' | 'authenticate' | 'request' | 'idle' | 'close'

/** Which broker address failed, and while doing what. */
export interface ConnectionErrorOptions extends OttlaErrorOptions {
  readonly host: string
  readonly port: number
  readonly phase: ConnectionPhase
  /** One for each kind that has a fix of its own, as `ERR_OTTLA_TLS_UNKNOWN_CA`. */
  readonly code?: string | undefined
}

/** A connection could not be opened, or closed under a request that was waiting for its answer. */
export class ConnectionError extends OttlaError {
  readonly host: string
  readonly port: number
  readonly phase: ConnectionPhase

  constructor(message: string, options: ConnectionErrorOptions) {
    super(options.code ?? 'ERR_OTTLA_CONNECTION', message, { retriable: true, ...options })
    this.host = options.host
    this.port = options.port
    this.phase = options.phase
  }
}

/** The error code a broker answered with. */
export interface BrokerErrorOptions extends OttlaErrorOptions {
  readonly apiName: string
  /** Kafka's number, e.g. 3. */
  readonly errorCode: number
  /** Kafka's name, e.g. `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly errorName: string
}

/** A broker answered a request with an error code of Kafka's table. */
export class BrokerError extends OttlaError {
  readonly apiName: string
  readonly errorCode: number
  readonly errorName: string

  constructor(message: string, options: BrokerErrorOptions) {
    super('ERR_OTTLA_BROKER', message, options)
    this.apiName = options.apiName
    this.errorCode = options.errorCode
    this.errorName = options.errorName
  }
}

/**
 * A wait of the producer itself (connect, metadata, producer id, the turn or the end of a transaction)
 * ran out of time. What a `commit` or `abort` has begun goes on: the same call again gives its outcome.
 */
export class TimeoutError extends OttlaError {
  constructor(message: string, options: OttlaErrorOptions = {}) {
    super('ERR_OTTLA_TIMEOUT', message, { retriable: true, ...options })
  }
}

/** Which record, and what is known of it. */
export interface DeliveryErrorOptions extends OttlaErrorOptions {
  readonly outcome?: DeliveryOutcome
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly code?: string
}

/** A record was not acknowledged. Every error that settles a record is one of these. */
export class DeliveryError extends OttlaError {
  readonly outcome: DeliveryOutcome
  readonly topic: string | undefined
  /** Undefined where the record failed before it had a partition. */
  readonly partition: number | undefined

  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(options.code ?? 'ERR_OTTLA_DELIVERY', message, options)
    this.outcome = options.outcome ?? 'not-written'
    this.topic = options.topic
    this.partition = options.partition
  }
}

/** The record, or its topic's name, is not one that Kafka can take. */
export class InvalidRecordError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_INVALID_RECORD', ...options })
  }
}

/** A key, value or header could not be turned into bytes. */
export class SerializationError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_SERIALIZATION', ...options })
  }
}

/**
 * The record is larger than a limit of the producer, whose message has both sizes, or of the broker,
 * which does not tell its limit: there the message has the batch's size and the setting's name.
 */
export class RecordTooLargeError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_RECORD_TOO_LARGE', ...options })
  }
}

/** No room came free within `maxBlockMs`, or too many sends were waiting for it already. */
export class BufferFullError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_BUFFER_FULL', retriable: true, ...options })
  }
}

/** The topic's metadata did not come within `maxBlockMs`, or the broker refuses the topic. */
export class TopicUnavailableError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_TOPIC_UNAVAILABLE', ...options })
  }
}

/** `deliveryTimeoutMs` ran out before the broker acknowledged the record. */
export class DeliveryTimeoutError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_DELIVERY_TIMEOUT', retriable: true, ...options })
  }
}

/** The caller's AbortSignal fired; `cause` is the signal's reason. */
export class AbortedError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_ABORTED', ...options })
  }
}

/** The producer is closed, or was closed while the record waited. */
export class ClosedError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_CLOSED', ...options })
  }
}

/** Which mechanism was refused, for whom and where. Never a password or a token. */
export interface AuthenticationErrorOptions extends DeliveryErrorOptions {
  readonly host: string
  readonly port: number
  /** As Kafka writes it, e.g. `SCRAM-SHA-512`. */
  readonly mechanism: string
  /** Undefined where the mechanism has no user's name, as a token. */
  readonly user?: string | undefined
}

/**
 * The broker refuses the credentials, or its own proof does not hold. `connect` and waiting sends
 * fail with it at once where no login has worked yet; later ones are tried again until
 * `deliveryTimeoutMs`, since brokers refuse good credentials while they restart.
 */
export class AuthenticationError extends DeliveryError {
  readonly host: string
  readonly port: number
  readonly mechanism: string
  readonly user: string | undefined

  constructor(message: string, options: AuthenticationErrorOptions) {
    super(message, { code: 'ERR_OTTLA_AUTHENTICATION', ...options })
    this.host = options.host
    this.port = options.port
    this.mechanism = options.mechanism
    this.user = options.user
  }
}

/** What is forbidden, on what. */
export interface AuthorizationErrorOptions extends DeliveryErrorOptions {
  /** Kafka's name of the operation, e.g. `Write`. */
  readonly operation: string
  /** Kafka's kind of resource. */
  readonly resourceType: 'Topic' | 'Cluster' | 'TransactionalId' | 'Group'
  /** Its name; `kafka-cluster` for the cluster. */
  readonly resourceName: string
}

/**
 * The cluster does not allow this user the operation; `cause` is the broker's answer, and the message
 * has the command that grants it. Nothing of it is remembered: what is granted works with the next
 * record, without a restart; only a transactional id may need a new producer. Kafka's
 * TopicAuthorizationException and its like.
 */
export class AuthorizationError extends DeliveryError {
  readonly operation: string
  readonly resourceType: AuthorizationErrorOptions['resourceType']
  readonly resourceName: string

  constructor(message: string, options: AuthorizationErrorOptions) {
    super(message, { code: 'ERR_OTTLA_AUTHORIZATION', ...options })
    this.operation = options.operation
    this.resourceType = options.resourceType
    this.resourceName = options.resourceName
  }
}

/**
 * The producer has failed as a whole and closed itself, or its transactional id's coordinator refuses it
 * for good; `cause` says why. Every later call fails with it: make a new producer.
 */
export class FatalError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_FATAL', ...options })
  }
}

/**
 * The transaction was aborted: no consumer with isolation.level=read_committed sees anything of it.
 * `cause` says why; `retriable`: to run all of it again can help. Where a record fails with it, `outcome`
 * says whether it may be in the log, where such consumers pass over it. Kafka's
 * TransactionAbortedException, and what it calls abortable.
 */
export class TransactionAbortedError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_TRANSACTION_ABORTED', ...options })
  }
}

/**
 * The commit was asked for, its answer was lost, and cannot be had any more: the transaction is
 * committed as a whole, or aborted as a whole, and only its effects (records, committed offsets) can
 * tell which. `outcome` is 'unknown'. Close the producer and make a new one with the same transactional
 * id: its `connect` waits until the transaction is decided. Then look.
 */
export class TransactionUnknownError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_TRANSACTION_UNKNOWN', outcome: 'unknown', ...options })
  }
}

/** The call does not fit the state of the transaction, as a send after its commit; nothing has changed. */
export class TransactionStateError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_TRANSACTION_STATE', ...options })
  }
}

/**
 * A newer producer has the same transactional id: this one is over, and nothing of its open transaction
 * is visible to read_committed. Do not make another one under the id: the two would fence each other for
 * ever. Below transaction.version 2 the coordinator says the same of a producer whose transaction it has
 * aborted for its age. Kafka's ProducerFencedException and InvalidProducerEpochException.
 */
export class FencedError extends DeliveryError {
  constructor(message: string, options: DeliveryErrorOptions = {}) {
    super(message, { code: 'ERR_OTTLA_FENCED', ...options })
  }
}

/** One record's fate in a `sendAll`. */
export type SendAllResult =
  | { readonly status: 'fulfilled'; readonly value: RecordMetadata }
  | { readonly status: 'rejected'; readonly reason: DeliveryError }

/** Some records of a `sendAll` failed; `results` has the fate of each, in the order given. */
export class SendAllError extends DeliveryError {
  readonly results: readonly SendAllResult[]

  constructor(message: string, results: readonly SendAllResult[], options: DeliveryErrorOptions) {
    super(message, { code: 'ERR_OTTLA_SEND_ALL', ...options })
    this.results = results
  }
}

const TREE = {
  OttlaError,
  ConfigError,
  ProtocolError,
  ConnectionError,
  BrokerError,
  TimeoutError,
  DeliveryError,
  InvalidRecordError,
  SerializationError,
  RecordTooLargeError,
  BufferFullError,
  TopicUnavailableError,
  DeliveryTimeoutError,
  AbortedError,
  ClosedError,
  AuthenticationError,
  AuthorizationError,
  FatalError,
  TransactionAbortedError,
  TransactionUnknownError,
  TransactionStateError,
  FencedError,
  SendAllError,
}

// The names are written here as text: a bundler that shortens those of classes leaves these alone.
for (const [name, errorClass] of Object.entries(TREE)) {
  Object.defineProperty(errorClass, 'name', { value: name })
  Object.defineProperty(errorClass.prototype, MARK, { value: name })
}
