/**
 * The subject of a schema, by strategy.
 *
 * Source: Confluent's TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy. Neighbours:
 * registry-serializer.ts.
 */
import { ConfigError, SerializationError } from '../errors.js'
import type { SubjectInput, SubjectStrategy } from './serializer-options.js'

/** A strategy, made once. */
export interface SubjectNamer {
  /** It may look at the record's name. */
  readonly usesRecordName: boolean
  /** @throws SerializationError where a record has no name, or the user's function gives none */
  readonly name: (input: SubjectInput) => string
}

/** @throws ConfigError */
export function subjectNamer(strategy: SubjectStrategy = 'topic'): SubjectNamer {
  if (typeof strategy === 'function') {
    return { usesRecordName: true, name: (input) => checked(strategy(input)) }
  }
  switch (strategy) {
    case 'topic':
      return { usesRecordName: false, name: ({ topic, part }) => `${topic}-${part}` }
    case 'record':
      return { usesRecordName: true, name: recordNameOf }
    case 'topic-record':
      return { usesRecordName: true, name: (input) => `${input.topic}-${recordNameOf(input)}` }
    default:
      throw new ConfigError(
        "option subject: give 'topic', 'record', 'topic-record' or a function that names the subject",
      )
  }
}

function recordNameOf({ recordName, topic }: SubjectInput): string {
  if (recordName !== null) return recordName
  throw new SerializationError(
    "its schema has no record name, which the subject strategy needs: give subject: 'topic', or a function",
    { topic },
  )
}

function checked(subject: unknown): string {
  if (typeof subject === 'string' && subject !== '') return subject
  throw new SerializationError('the function subject gave no name of a subject')
}
