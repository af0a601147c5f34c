/**
 * What a user gives to write Avro: a schema, and how values are looked at.
 *
 * Neighbours: avro-type.ts makes an avsc type of it.
 */

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
  readonly logicalTypes?: Readonly<Record<string, AvroLogicalType>>
  /**
   * What becomes of a field that the schema does not know: `refuse`, the default, fails the record, for
   * a slip in the name of a field that has a default would lose its value; `ignore` leaves it out, as
   * avsc does.
   */
  readonly unknownFields?: 'refuse' | 'ignore'
  /**
   * Whether values of unions stand within an object that names their type, `{ int: 5 }`: `auto`, the
   * default, where two types of the union could not be told apart; `always`, as in Avro's JSON; or
   * `never`, which refuses such a union. As avsc's option of that name.
   */
  readonly wrapUnions?: 'auto' | 'always' | 'never'
}
