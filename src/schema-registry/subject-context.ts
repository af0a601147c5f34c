/**
 * Contexts of a registry: separate sets of subjects and ids, named in front of a subject.
 *
 *   :.mycontext:orders-value
 *
 * Source: Confluent's Schema Registry. Neighbours: registry-client.ts and encoding.ts.
 */

/** The subject within a context, unless it names one itself. */
export function inContext(subject: string, context: string | null): string {
  return context === null || subject.startsWith(':.')
    ? subject
    : `${contextSubject(context)}${subject}`
}

/** What stands in front of the subjects of a context, which alone stands for all of them. */
export function contextSubject(context: string): string {
  return `:${context}:`
}

/** The context that a subject names; null where it names none. */
export function contextOf(subject: string): string | null {
  return /^:(\.[^:]*):/.exec(subject)?.[1] ?? null
}
