/** A defect of Ottla's own, made at will. Neighbours: fatal.test.ts. */
import type { Test } from 'tap'

/** Has a method throw until the test is over, or what is returned is called. */
export function breakMethod(t: Test, prototype: object, name: string): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (descriptor === undefined) throw new Error(`there is no ${name} to break`)
  const mend = (): void => void Object.defineProperty(prototype, name, descriptor)
  t.teardown(mend)
  Object.defineProperty(prototype, name, {
    ...descriptor,
    value: () => {
      throw new Error('broken by a test')
    },
  })
  return mend
}
