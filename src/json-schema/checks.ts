/**
 * Checks a value with what the user has: a function that ajv has compiled, or a Standard Schema. What is
 * wrong becomes a SerializationError that names the places.
 *
 * Before: json-schema.ts and json-format.ts.
 */
import { ConfigError, SerializationError } from '../errors.js'
import { jsonText } from '../serialization/json-text.js'
import type { AjvError, AjvValidate } from './ajv-types.js'
import { isPlainJson } from './plain-json.js'
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.js'

/** What checks values: ajv's compiled function, or a schema of zod, valibot and others. */
export type Validator<T> = AjvValidate | StandardSchema<T, unknown>

/**
 * Has `use` called with the value to write, which may be another, and returns what that returns: a
 * promise of it where the validator is asynchronous.
 */
export type Check = <R>(value: unknown, use: (checked: unknown) => R) => R | Promise<R>

/** Throws ConfigError for what is no validator. */
export function checkOf<T>(validator: Validator<T>): Check {
  // First: some libraries' Standard Schemas are functions.
  if (isStandardSchema(validator)) return standardCheck(validator)
  if (typeof validator === 'function') return ajvCheck(validator)
  throw new ConfigError(
    'the validator is neither a function that ajv has compiled nor a Standard Schema (zod 3.24 and later, valibot 1, ArkType 2 and others)',
  )
}

function isStandardSchema(validator: unknown): validator is StandardSchema {
  const { '~standard': standard } = Object(validator) as Partial<StandardSchema>
  return typeof standard?.validate === 'function'
}

/**
 * ajv may change the value itself: defaults, coerced types, fields removed, as its options say. It sees
 * getters, what is inherited, and what has a `toJSON`, which JSON leaves out or writes as something else:
 * then what JSON makes of the value is checked, and written.
 */
export function ajvCheck(validate: AjvValidate): Check {
  return (given, use) => {
    const value: unknown = isPlainJson(given) ? given : JSON.parse(jsonText(given, 'json schema'))
    const result = validate(value)
    if (result === true) return use(value)
    if (isPromise(result)) {
      if (validate.$async !== true) throw promised(result)
      return result.then(() => use(value), refuseAsync)
    }
    throw refused((validate.errors ?? []).map(ajvText), validate.errors)
  }
}

/** Nobody would look at what it resolves to: `async (value) => false` would refuse nothing. */
function promised(verdict: PromiseLike<unknown>): SerializationError {
  verdict.then(undefined, () => {})
  return new SerializationError(
    'json schema: the validator returned a promise: functions must be synchronous, and return true or false (asynchronous are only a Standard Schema, and what ajv compiled of a schema with $async)',
  )
}

/** A schema with `$async` rejects with an error that has the faults. */
function refuseAsync(error: unknown): never {
  const { errors } = Object(error) as { readonly errors?: readonly AjvError[] }
  if (!Array.isArray(errors)) throw error
  throw refused((errors as readonly AjvError[]).map(ajvText), error)
}

function standardCheck(schema: StandardSchema): Check {
  const standard = schema['~standard']
  return (value, use) => {
    const result = standard.validate(value)
    return isPromise(result) ? result.then((it) => use(valueOf(it))) : use(valueOf(result))
  }
}

function valueOf(result: StandardResult<unknown>): unknown {
  if (result.issues === undefined) return result.value
  throw refused(result.issues.map(issueText), result.issues)
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}

const MOST_FAULTS = 3

function refused(faults: readonly string[], cause: unknown): SerializationError {
  const more = faults.length - MOST_FAULTS
  const told = faults.slice(0, MOST_FAULTS).join('; ')
  const rest = more > 0 ? `; and ${more} more` : ''
  return new SerializationError(
    `json schema: ${told === '' ? 'the value does not fit' : told}${rest}`,
    { cause },
  )
}

function issueText({ message, path = [] }: StandardIssue): string {
  const steps = path.map((step) => (typeof step === 'object' ? step.key : step))
  return `value${steps.map(stepText).join('')}: ${message}`
}

function ajvText({ instancePath, message = 'does not fit', params }: AjvError): string {
  const steps = instancePath.split('/').slice(1).map(unescaped)
  const extra = extraText(params)
  return `value${steps.map(stepText).join('')} ${message}${extra === '' ? '' : ` (${extra})`}`
}

/** What ajv's text leaves out: which field is too many, which values are allowed. */
function extraText(params: unknown): string {
  const { additionalProperty, unevaluatedProperty, allowedValues } = Object(params) as Partial<
    Record<string, unknown>
  >
  const property = additionalProperty ?? unevaluatedProperty
  if (typeof property === 'string') return property
  return allowedValues === undefined ? '' : short(JSON.stringify(allowedValues))
}

/** Of a JSON pointer. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function stepText(step: PropertyKey): string {
  const text = String(step)
  if (/^\d+$/.test(text)) return `[${text}]`
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text) ? `.${text}` : `[${JSON.stringify(text)}]`
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
