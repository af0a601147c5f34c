/**
 * How much work something is, where a test may not measure time: how often a field of an object is looked at.
 */

/** Calls `onRead` each time that the field of `it` is read. */
export function countReads(it: object, field: string, onRead: () => void): void {
  let value = (it as Record<string, unknown>)[field]
  const get = (): unknown => {
    onRead()
    return value
  }
  Object.defineProperty(it, field, { get, set: (changed: unknown) => (value = changed) })
}
