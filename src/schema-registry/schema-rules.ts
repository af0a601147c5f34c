/**
 * Refuses schemas with rules that a writer must apply: Ottla applies none, and to skip one that
 * encrypts would write in plain what must not be read.
 *
 * Source: Confluent's data contracts (RuleSet, RuleMode). Neighbours: schema-source.ts.
 */
import { isObject } from './option-checks.js'
import type { RegisteredSchema } from './registered-schema.js'
import { SchemaRegistryError } from './registry-error.js'

/** Modes in which a reader alone, or nobody who writes, applies a rule. */
const NOT_FOR_WRITERS: readonly unknown[] = ['READ', 'UPGRADE', 'DOWNGRADE', 'UPDOWN']

/** @throws SchemaRegistryError */
export function refuseRules({ ruleSet, subject, version, id }: RegisteredSchema): void {
  if (!isObject(ruleSet)) return
  const rules = Object.values(ruleSet).filter(Array.isArray).flat() as unknown[]
  const active = rules.filter(isObject).find(isForWriters)
  if (active === undefined) return
  const which =
    subject === null ? `of id ${id}` : `of subject "${subject}", version ${version ?? 'unknown'},`
  const name = typeof active.name === 'string' ? `"${active.name}"` : 'without a name'
  const type = typeof active.type === 'string' ? ` of type ${active.type}` : ''
  throw new SchemaRegistryError(
    `the schema ${which} has the rule ${name}${type}, which a producer must apply and Ottla cannot: without it, what must be encrypted, checked or changed would be written as it is. Write with a schema without such rules, or with Confluent's serializer`,
    { subject: subject ?? undefined },
  )
}

/** A mode that is missing or unknown may be one for writers. */
function isForWriters({ mode, disabled }: Readonly<Record<string, unknown>>): boolean {
  return disabled !== true && !NOT_FOR_WRITERS.includes(mode)
}
