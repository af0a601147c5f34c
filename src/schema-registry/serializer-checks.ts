/**
 * Checks the options of a serializer with a registry, and says which of the ways to a schema it goes.
 *
 * Neighbours: serializer-options.ts says what each means; registry-serializer.ts calls.
 */
import { ConfigError } from '../errors.js'
import { checkNames, isObject } from './option-checks.js'
import { areReferences } from './registered-schema.js'
import { SchemaRegistry } from './registry-client.js'
import type { SchemaRegistryOptions } from './registry-options.js'
import type { RegistrySerializerOptions } from './serializer-options.js'

/** Where the schema of a record comes from. */
export type SchemaChoiceKind = 'lookup' | 'register' | 'latest' | 'id' | 'guid'

/** Of each option: whether it fits, and what to give. */
const CHECKS: Readonly<
  Record<string, readonly [isFit: (value: unknown) => boolean, give: string]>
> = {
  register: [isFlag, 'true or false'],
  useLatest: [isFlag, 'true or false'],
  normalize: [isFlag, 'true or false'],
  id: [isId, 'the whole number that the registry has for the schema'],
  guid: [isText, 'the UUID that the registry has for the schema'],
  framing: [isFraming, "'id' or 'guid-header'"],
}

/** Of every format's serializer. */
const NAMES = [
  ...['registry', 'subject', 'register', 'useLatest', 'id', 'guid', 'normalize', 'framing'],
  ...['cacheSize', 'schema', 'references'],
]

/**
 * For a format's own serializer, whose options are `names` beside those that all have.
 *
 * @throws ConfigError for a name that there is not, and for references that are none
 */
export function checkFormatOptions(call: string, given: unknown, names: readonly string[]): void {
  if (!isObject(given)) throw new ConfigError(`${call} takes an object of options`)
  checkNames(call, given, [...NAMES, ...names])
  const { references } = given
  if (references === undefined || areGivenReferences(references)) return
  throw new ConfigError("option references: give a list of { name, subject, version }, e.g. [{ name: 'shop.Money', subject: 'money-value', version: 1 }]") // prettier-ignore
}

/** Each to a version that stays: the registry's -1, the latest, would be another one tomorrow. */
function areGivenReferences(given: unknown): boolean {
  return areReferences(given) && given.every(({ version }) => version >= 1)
}

/** @throws ConfigError where two are asked for, or one does not fit */
export function checkSerializerOptions(options: RegistrySerializerOptions): SchemaChoiceKind {
  for (const [name, [isFit, give]] of Object.entries(CHECKS)) {
    const value: unknown = options[name as keyof RegistrySerializerOptions]
    if (value !== undefined && !isFit(value)) throw new ConfigError(`option ${name}: give ${give}`)
  }
  return chosen(options)
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isId(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isFraming(value: unknown): boolean {
  return value === 'id' || value === 'guid-header'
}

function chosen({ register, useLatest, id, guid }: RegistrySerializerOptions): SchemaChoiceKind {
  const asked: SchemaChoiceKind[] = []
  if (register === true) asked.push('register')
  if (useLatest === true) asked.push('latest')
  if (id !== undefined) asked.push('id')
  if (guid !== undefined) asked.push('guid')
  if (asked.length < 2) return asked[0] ?? 'lookup'
  throw new ConfigError('give one of the options register, useLatest, id and guid: each says by itself where the schema comes from') // prettier-ignore
}

/** The client that was given, or one of these options. Another copy of Ottla may have made it. */
export function registryOf(given: SchemaRegistry | SchemaRegistryOptions): SchemaRegistry {
  if (isObject(given) && typeof given.lookup === 'function') return given as SchemaRegistry
  if (isObject(given)) return new SchemaRegistry(given as SchemaRegistryOptions)
  throw new ConfigError('option registry: give a SchemaRegistry, or its options')
}
