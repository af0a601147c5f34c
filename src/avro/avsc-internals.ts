/**
 * What avsc's types have besides what its declarations tell: the methods that its own types override,
 * and that ours do, too.
 *
 * Source: avsc 5.7, lib/types.js and lib/utils.js. Neighbours: strict-types.ts builds on it.
 */
import avsc from 'avsc'
import { ConfigError } from '../errors.js'

/** Where avsc writes. Past the end of `buf` it only counts. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  writeLong(value: number): void
}

/** Is told of a value that does not fit a type. */
export type MisfitHook = (value: unknown, type: avsc.Type) => void

/** Every type has these. `flags` is 1 where fields of no schema are refused. */
export interface Writing {
  _check(value: unknown, flags: number, hook?: MisfitHook, path?: string[]): boolean
  _write(tap: Tap, value: unknown): void
}

type Constructor<T, A extends unknown[]> = new (...args: A) => T

/** A schema and the options of avsc's `forSchema`. */
type Parsed = [schema: unknown, options: unknown]

export interface RecordInternals extends Writing {
  _createWriter(): Writing['_write']
  _createChecker(): Writing['_check']
  _checkFields(value: object): boolean
}

export interface UnionInternals extends Writing {
  readonly _bucketIndices: Readonly<Record<string, number | undefined>>
  /** Those of the user's logical types. */
  readonly _dynamicBranches: readonly { readonly index: number }[] | null
  _getIndex(value: unknown): number | undefined
  _getBranchIndex(value: unknown, index: number | undefined): number | undefined
}

export interface WrappedUnionInternals {
  readonly _branchIndices: object
}

export interface EnumInternals extends Writing {
  readonly _indices: Readonly<Record<string, unknown>>
}

const { types } = avsc
checkLibrary()

/** When this is imported: an older avsc would leave our overrides uncalled, and write what they refuse. */
function checkLibrary(): void {
  const { UnwrappedUnionType: union } = types as Partial<typeof types> // of whichever version
  const internals = union?.prototype as Partial<UnionInternals> | undefined
  if (typeof internals?._getBranchIndex === 'function') return
  throw new ConfigError(
    'ottla/avro needs avsc 5.5 or later, and found an older one: npm install avsc@5',
  )
}

export const LongType = types.LongType as unknown as Constructor<avsc.Type & Writing, []>
export const IntType = types.IntType as unknown as Constructor<avsc.Type & Writing, []>
export const FloatType = types.FloatType as unknown as Constructor<avsc.Type & Writing, []>
export const StringType = types.StringType as unknown as Constructor<avsc.Type & Writing, []>
export const BytesType = types.BytesType as unknown as Constructor<avsc.Type & Writing, []>
export const FixedType = types.FixedType as unknown as Constructor<
  avsc.types.FixedType & Writing,
  Parsed
>
export const EnumType = types.EnumType as unknown as Constructor<
  avsc.types.EnumType & EnumInternals,
  Parsed
>
export const MapType = types.MapType as unknown as Constructor<avsc.types.MapType & Writing, Parsed>
export const RecordType = types.RecordType as unknown as Constructor<
  avsc.types.RecordType & RecordInternals,
  Parsed
>
export const UnwrappedUnionType = types.UnwrappedUnionType as unknown as Constructor<
  avsc.types.UnwrappedUnionType & UnionInternals,
  Parsed
>
