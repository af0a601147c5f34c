/**
 * What is used of ajv: the user's own, of whichever draft and with whichever keywords.
 *
 * Neighbours: checks.ts calls what it has compiled; json-format.ts has it compile registered schemas.
 */

/** One fault that ajv found. */
export interface AjvError {
  /** A JSON pointer, e.g. `/items/3/price`. */
  readonly instancePath: string
  readonly keyword?: string
  readonly message?: string | undefined
  readonly params?: unknown
}

/** What `ajv.compile(schema)` returns: true for a value that fits; `errors` are of the last call. */
export interface AjvValidate {
  (value: unknown): unknown
  errors?: readonly AjvError[] | null | undefined
  /** true where the schema has `$async`: then it returns a promise, which rejects for what does not fit. */
  readonly $async?: unknown
}

/** An instance of ajv. */
export interface Ajv {
  /** By `$id`; of those within a schema, too. */
  readonly refs?: Readonly<Record<string, unknown>>
  compile(schema: object): AjvValidate
  addSchema(schema: object, key?: string): unknown
  removeSchema(schema: object | string): unknown
}
