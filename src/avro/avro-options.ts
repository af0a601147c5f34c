/**
 * What a user gives to write Avro: a schema, and how values are looked at.
 *
 * Neighbours: avro-type.ts makes an avsc type of it.
 */
import { ConfigError } from '../errors.js'
import { checkNames, isObject } from '../schema-registry/option-checks.js'

/**
 * A schema: its text (JSON, or the name of a type such as `string`), the same parsed, or a type of
 * avsc's. A type is built anew with stricter parts; one with logical types, or parts that are not
 * avsc's own, is used as it is.
 */
export type AvroSchema = string | object

/** A class of avsc's kind: `class X extends avsc.types.LogicalType`. */
export type AvroLogicalType = new (schema: never, options?: never) => object

/** How values are looked at. */
export interface AvroOptions {
  /**
   * avsc's logical types by their names. Without one, `timestamp-millis`, `-micros` and `-nanos` take a
   * Date beside the number, `date` a Date that is midnight in UTC, and others what lies under them (for
   * `decimal`: its bytes).
   */
  readonly logicalTypes?: Readonly<Record<string, AvroLogicalType>> | undefined
  /**
   * What becomes of a field that the schema does not know: `refuse`, the default, fails the record, for
   * a slip in the name of a field that has a default would lose its value; `ignore` leaves it out, as
   * avsc does.
   */
  readonly unknownFields?: 'refuse' | 'ignore' | undefined
  /**
   * Whether values of unions stand within an object that names their type, `{ int: 5 }`: `auto`, the
   * default, where two types of the union could not be told apart; `always`, as in Avro's JSON; or
   * `never`, which refuses such a union. As avsc's option of that name.
   */
  readonly wrapUnions?: 'auto' | 'always' | 'never' | undefined
}

export const AVRO_OPTION_NAMES = ['logicalTypes', 'unknownFields', 'wrapUnions'] as const

/** @throws ConfigError for a name that there is not, or a value that does not fit */
export function checkAvroOptions(call: string, given: AvroOptions): void {
  if (!isObject(given)) throw new ConfigError(`${call} takes an object of options`)
  checkNames(call, given, AVRO_OPTION_NAMES)
  checkAvroValues(given)
}

/** @throws ConfigError for a value that does not fit */
export function checkAvroValues({ logicalTypes, unknownFields, wrapUnions }: AvroOptions): void {
  checkChoice('unknownFields', unknownFields, ['refuse', 'ignore'])
  checkChoice('wrapUnions', wrapUnions, ['auto', 'always', 'never'])
  if (logicalTypes === undefined || isObject(logicalTypes)) return
  throw new ConfigError("option logicalTypes: give avsc's classes by their names, { decimal: Decimal }") // prettier-ignore
}

function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return
  throw new ConfigError(`option ${name}: give one of '${choices.join("', '")}'`)
}
