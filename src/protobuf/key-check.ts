/**
 * The keys of maps. In JavaScript they are text, and both libraries make of text that is no key of the
 * map's type one that is: of '1.5' and '' an integer, of 'False' true. Two keys may so become one, and
 * an entry is lost. Taken is the text that a reader finds again, no other.
 *
 * Neighbours: message-check.ts and protobufjs-check.ts choose one for each map.
 */
import { isWellFormed } from '../serialization/well-formed.js'
import { INT32, INT64, UINT32, UINT64, type KeyCheck, type Range } from './value-check.js'

/** As JavaScript writes integers: no sign but minus, no zeros in front. */
const DECIMAL = /^(?:0|-?[1-9][0-9]*)$/

function integerKey(range: Range): KeyCheck {
  const [least, most] = [String(range.least), String(range.most)]
  const fault = keyFault(`${range.what}, in decimal,`)
  return (key) => {
    // Of decimals with the same sign the longer is beyond; those as long are in the order of their text.
    const limit = key.startsWith('-') ? least : most
    const isWithin = key.length < limit.length || (key.length === limit.length && key <= limit)
    return isWithin && DECIMAL.test(key) ? null : fault
  }
}

function keyFault(what: string): string {
  return ` is not a key: ${what} is wanted`
}

const BOOL_FAULT = keyFault('"true" or "false"')
const TEXT_FAULT = keyFault('text without an unpaired surrogate, which UTF-8 cannot carry,')

export const boolKey: KeyCheck = (key) => (key === 'true' || key === 'false' ? null : BOOL_FAULT)
export const stringKey: KeyCheck = (key) => (isWellFormed(key) ? null : TEXT_FAULT)
export const int32Key = integerKey(INT32)
export const uint32Key = integerKey(UINT32)
export const int64Key = integerKey(INT64)
export const uint64Key = integerKey(UINT64)
