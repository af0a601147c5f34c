/**
 * Refuses options that there are not: `{ broker: 3 }` would start a cluster of one.
 *
 * Before: options.ts has the names.
 */
import { nearest } from '../nearest.js'

/** Every name of these options; one that is forgotten here does not compile. */
export type NamesOf<Options> = Readonly<Record<keyof Options, true>>

/** Throws TypeError. `where` is what takes them, as `option tls of a test cluster`. */
export function checkNames<Options extends object>(
  where: string,
  given: Options | undefined,
  names: NamesOf<Options>,
): void {
  if (given === undefined) return
  if (typeof given !== 'object' || (given as unknown) === null || Array.isArray(given)) {
    throw new TypeError(`${where} takes an object: { ${Object.keys(names).join(', ')} }`)
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue
    const near = nearest(name, Object.keys(names))
    const mend = near === undefined ? `it takes ${Object.keys(names).join(', ')}` : `did you mean ${near}?` // prettier-ignore
    throw new TypeError(`unknown option ${JSON.stringify(name)} of ${where}: ${mend}`)
  }
}
