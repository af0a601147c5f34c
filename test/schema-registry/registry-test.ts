/**
 * The registry of a test file: all tests of a file share one. Where none may be
 * (`OTTLA_NO_BROKER=1`) or can be had, the test is skipped by name with the reason.
 *
 * Neighbours: apicurio.ts starts it.
 */
import t, { type Test } from 'tap'
import { NoRegistryError, startRegistry, type RealRegistry } from './apicurio.js'

// A start takes half a minute on two busy cores, the first one more for the download.
const TIMEOUT_MS = 900_000

let shared: Promise<RealRegistry | string> | undefined

/** Gives the file the time that a first start may take; to be called before its tests. */
export function allowForRegistry(): void {
  t.setTimeout(TIMEOUT_MS)
}

/** The registry; null where there is none: the test is then skipped, and has nothing more to do. */
export async function withRegistry(test: Test): Promise<RealRegistry | null> {
  test.setTimeout(TIMEOUT_MS)
  shared ??= registryOrReason((line) => test.comment(line))
  const registry = await shared
  if (typeof registry !== 'string') return registry
  test.plan(0, registry)
  return null
}

async function registryOrReason(log: (line: string) => void): Promise<RealRegistry | string> {
  if (process.env.OTTLA_NO_BROKER === '1') return 'OTTLA_NO_BROKER=1'
  try {
    const registry = await startRegistry(log)
    t.teardown(() => registry.stop())
    return registry
  } catch (error) {
    if (error instanceof NoRegistryError) return error.message
    throw error
  }
}
