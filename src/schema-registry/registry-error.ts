/**
 * The error of everything that a schema registry refuses or does not answer.
 *
 * Neighbours: every file of this room throws it.
 */
import { OttlaError } from '../errors.js'

/** What is known besides the message. */
export interface SchemaRegistryErrorOptions {
  readonly cause?: unknown
  readonly retriable?: boolean
  /** Of HTTP; null where no answer came. */
  readonly status?: number | null
  /** The registry's own number, e.g. 40403. */
  readonly errorCode?: number | null
  readonly subject?: string | undefined
  /** Without user and password. */
  readonly url?: string | undefined
}

/**
 * The registry refused, could not be reached, or answered something that cannot be used. As the cause
 * of a SerializationError it is that of one record.
 */
export class SchemaRegistryError extends OttlaError {
  /** HTTP's; null where no answer came. */
  readonly status: number | null
  /** The registry's own, e.g. 40403 (schema not found); null where it gave none. */
  readonly errorCode: number | null
  readonly subject: string | undefined
  /** Which address, without user and password; undefined where none was asked. */
  readonly url: string | undefined

  constructor(message: string, options: SchemaRegistryErrorOptions = {}) {
    super('ERR_OTTLA_SCHEMA_REGISTRY', message, options)
    this.status = options.status ?? null
    this.errorCode = options.errorCode ?? null
    this.subject = options.subject
    this.url = options.url
  }
}

// As errors.ts marks its classes: so that `instanceof` holds across copies of the package.
Object.defineProperty(SchemaRegistryError, 'name', { value: 'SchemaRegistryError' })
Object.defineProperty(SchemaRegistryError.prototype, Symbol.for('ottla.error'), {
  value: 'SchemaRegistryError',
})
