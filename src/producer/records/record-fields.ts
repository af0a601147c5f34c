/**
 * Refuses what is no record: it has no value, or something besides a record's fields. A slip like `partiton` would be stored, and in the
 * wrong place. Every field of every record is looked at; `for…in` reads them off the object's shape,
 * which costs 10 to 17 ns where `Object.keys` would make an array.
 *
 * Neighbours: intake.ts asks for each record.
 */
import { InvalidRecordError } from '../../errors.js'
import { nearest } from '../../nearest.js'
import { isOption } from '../options/option-checks.js'
import { checkTopicName, kindOf, quote } from './record.js'

const FIELDS: readonly string[] = ['topic', 'value', 'key', 'partition', 'timestamp', 'headers']

/** Throws InvalidRecordError for what is no record, has other fields, or has no value. */
export function checkRecord(record: { topic?: unknown; value?: unknown } | null | undefined): void {
  if (record === null || typeof record !== 'object') {
    throw new InvalidRecordError(
      `a record is an object { topic, value, … }, and this is ${kindOf(record)}`,
    )
  }
  checkFields(record)
  if (record.value === undefined) refuseWithoutValue(record)
}

function refuseWithoutValue(record: { topic?: unknown }): never {
  const { topic } = record
  if (typeof (record as { then?: unknown }).then === 'function') {
    throw new InvalidRecordError(
      'a record is an object { topic, value, … }, and this is a promise: await it before',
    )
  }
  checkTopicName(topic) // what has no topic either is told of that first
  throw new InvalidRecordError(
    `a record for topic "${topic}" has no value: give one, or null for a tombstone`,
    { topic },
  )
}

/** Throws InvalidRecordError for a field that no record has. */
function checkFields(record: object): void {
  for (const field in record) {
    switch (field) {
      case 'topic':
      case 'value':
      case 'key':
      case 'headers':
      case 'partition':
      case 'timestamp':
        continue
      default:
        refuse(record, field)
    }
  }
}

/** Out of line, so that what is called for every record stays small. */
function refuse(record: object, field: string): void {
  if (!Object.hasOwn(record, field)) return // a method, or the like, of the record's class
  const { topic } = record as { topic?: unknown }
  const where = typeof topic === 'string' ? `a record for topic ${quote(topic)}` : 'a record'
  throw new InvalidRecordError(mend(record, field, where), {
    topic: typeof topic === 'string' ? topic : undefined,
  })
}

function mend(record: object, field: string, where: string): string {
  if (Array.isArray(record))
    return 'a record is an object, and this is an array: give it to sendAll'
  const unknown = `unknown field ${quote(field)} in ${where}`
  const other = field.toLowerCase()
  const near = Object.hasOwn(OTHER_FIELDS, other) ? OTHER_FIELDS[other] : nearest(field, FIELDS)
  if (field === 'messages') {
    return `${unknown}: each message is a record here, sendAll([{ topic, key, value, headers }, …])`
  }
  if (near !== undefined) return `${unknown}: did you mean ${quote(near)}?`
  if (isOption(field))
    return `${unknown}: it is an option of the producer, new Producer({ ${field} })`
  return `${unknown}: a record has ${FIELDS.join(', ')}`
}

/** What other clients, and people, call them. */
const OTHER_FIELDS: Readonly<Record<string, string>> = {
  payload: 'value',
  message: 'value',
  data: 'value',
  body: 'value',
  date: 'timestamp',
  time: 'timestamp',
  partitionkey: 'key',
  partitionid: 'partition',
}
