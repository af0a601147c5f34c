/**
 * avsc's types that hold others, made to lose nothing. avsc writes a Map as an empty map, bytes as a
 * map of numbers, and text or a list as a record of nothing but defaults; here they are refused. So are objects whose contents are no fields (opaque.ts), and
 * fields that the schema does not know, unless it is asked otherwise.
 *
 * Neighbours: strict-hook.ts chooses them; strict-scalars.ts has the types of one value.
 */
import type avsc from 'avsc'
import { isBytes } from '../any-bytes.js'
import {
  MapType,
  RecordType,
  UnwrappedUnionType,
  type MisfitHook,
  type RecordInternals,
  type Tap,
  type Writing,
} from './avsc-internals.js'
import { isOpaque } from '../serialization/opaque.js'
import { misfit, writeString } from './strict-scalars.js'

/** What has fields as well as other contents, by the name that `toString` of Object gives it. */
const OTHER_KINDS = new Set(
  [
    ...['Array', 'Map', 'Set', 'WeakMap', 'WeakSet', 'Date', 'Promise', 'RegExp', 'ArrayBuffer'],
    ...['SharedArrayBuffer', 'Number', 'String', 'Boolean', 'BigInt', 'Symbol', 'URLSearchParams'],
  ].map((name) => `[object ${name}]`),
)

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Of a class whose contents are its fields, as far as its kind tells. */
function isOfFields(value: object): boolean {
  return !ArrayBuffer.isView(value) && !OTHER_KINDS.has(Object.prototype.toString.call(value))
}

/** An object whose own fields are what it holds: of no class, or of one of the user's. */
function isMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return isPlain(value) || (isOfFields(value) && !isOpaque(value))
}

/** As a map; one that has any of the record's fields may have the others elsewhere. */
export function isRecordOf(value: unknown, fields: readonly Named[]): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (isPlain(value)) return true
  if (!isOfFields(value)) return false
  return !isOpaque(value) || fields.some(({ name }) => given(value, name) !== undefined)
}

interface Named {
  readonly name: string
}

/** A field, be it inherited, as by a getter; but not what every object inherits, or a class's method. */
function given(value: object, name: string): unknown {
  const member = (value as Readonly<Record<string, unknown>>)[name]
  if (!(name in Object.prototype) || Object.hasOwn(value, name)) return member
  return typeof member === 'function' || name === '__proto__' ? undefined : member
}

/** Before a record is read as avsc does: null where that finds no more than is given. */
function bareOf(fields: readonly Named[]): ((value: object) => object) | null {
  if (!fields.some(({ name }) => name in Object.prototype)) return null
  return (value) => {
    const bare = Object.create(null) as Record<string, unknown>
    for (const { name } of fields) bare[name] = given(value, name)
    return bare
  }
}

export class StrictMap extends MapType {
  override _check(value: unknown, flags: number, hook?: MisfitHook, path?: string[]): boolean {
    if (isMap(value)) return super._check(value, flags, hook, path)
    hook?.(value, this)
    return false
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isMap(value)) throw misfit()
    const type = this.valuesType as Writing
    const names = Object.keys(value)
    if (names.length > 0) tap.writeLong(names.length)
    for (const name of names) {
      writeString(tap, name) // as all text: avsc has its own way with names, too
      type._write(tap, (value as Readonly<Record<string, unknown>>)[name])
    }
    tap.writeLong(0)
  }
}

/** A record whose fields of no schema are left out in silence, as avsc does. */
export class LenientRecord extends RecordType {
  override _createWriter(): Writing['_write'] {
    const { fields } = this
    const write = bareWriter(fields, super._createWriter())
    return (tap, value) => {
      if (!isRecordOf(value, fields)) throw misfit()
      write(tap, value)
    }
  }

  override _createChecker(): Writing['_check'] {
    return checkerOf(this, super._createChecker())
  }

  override _checkFields(value: object): boolean {
    return unknownFields(value, this.fields).length === 0
  }
}

export class StrictRecord extends RecordType {
  override _createWriter(): Writing['_write'] {
    const { fields } = this
    const write = bareWriter(fields, super._createWriter())
    const names = fields.map(({ name }) => name)
    const places = new Map(names.map((name, place) => [name, place]))
    return (tap, value) => {
      if (!isRecordOf(value, fields) || hasUnknown(value, names, places)) throw misfit()
      write(tap, value)
    }
  }

  override _createChecker(): Writing['_check'] {
    return checkerOf(this, super._createChecker())
  }

  override _checkFields(value: object): boolean {
    return unknownFields(value, this.fields).length === 0
  }
}

function bareWriter(
  fields: readonly Named[],
  write: Writing['_write'],
): (tap: Tap, value: object) => void {
  const bare = bareOf(fields)
  return bare === null
    ? write
    : (tap, value) => {
        write(tap, bare(value))
      }
}

function checkerOf(
  record: InstanceType<typeof RecordType> & RecordInternals,
  check: Writing['_check'],
): Writing['_check'] {
  const { fields } = record
  const bare = bareOf(fields)
  return (value, flags, hook, path) => {
    // Unknown fields are gone from the bare value, and so looked for here.
    const isFit =
      isRecordOf(value, fields) && (bare === null || flags !== 1 || record._checkFields(value))
    if (isFit) return check.call(record, bare?.(value) ?? value, flags, hook, path)
    hook?.(value, record)
    return false
  }
}

/** Most values have their fields in the schema's order: then each costs one comparison. */
function hasUnknown(
  value: object,
  names: readonly string[],
  places: ReadonlyMap<string, number>,
): boolean {
  let next = 0
  for (const name in value) {
    if (name === names[next]) {
      next++
      continue
    }
    const place = places.get(name)
    if (place !== undefined) next = place + 1
    else if (isGiven(value, name)) return true
  }
  return false
}

/** The fields that a value has and its record has not; undefined is no field, as in JSON. */
export function unknownFields(value: object, fields: readonly Named[]): readonly string[] {
  const known = new Set(fields.map(({ name }) => name))
  return Object.keys(value).filter((name) => !known.has(name) && isGiven(value, name))
}

function isGiven(value: object, name: string): boolean {
  return Object.hasOwn(value, name) && (value as Record<string, unknown>)[name] !== undefined
}

/** A union whose values need no name around them: it knows bigint, Date and Uint8Array as well. */
export class StrictUnion extends UnwrappedUnionType {
  override _getIndex(value: unknown): number | undefined {
    if (value === null || (typeof value !== 'object' && typeof value !== 'bigint')) {
      return super._getIndex(value)
    }
    const bucket = bucketOf(value)
    if (bucket === null) return super._getIndex(value)
    const index = this._bucketIndices[bucket]
    return this._dynamicBranches === null ? index : this._getBranchIndex(value, index)
  }

  /** The search for the branch has looked at the whole value: a second look would double it at each level. */
  override _check(value: unknown, flags: number, hook?: MisfitHook, path?: string[]): boolean {
    const branches = this._dynamicBranches
    if (branches === null || flags === 1 || hook !== undefined) {
      return super._check(value, flags, hook, path)
    }
    const found = this._getIndex(value)
    if (found === undefined) return false
    if (branches.some(({ index }) => index === found)) return true
    return (this.types[found] as avsc.Type & Writing)._check(value, flags)
  }
}

/** avsc's name for the kind of type that takes it; null where avsc knows itself. */
function bucketOf(value: object | bigint): string | null {
  if (typeof value === 'bigint' || value instanceof Date) return 'number'
  return isBytes(value) ? 'buffer' : null
}
