/**
 * Loads the optional package behind a codec, at the moment that its codec is asked for.
 *
 * `require` and not `import()`: a codec is made in a constructor, which cannot wait, and these
 * packages are CommonJS. A package that is not installed, or has no binary for this platform,
 * costs nothing to those who do not use its codec.
 *
 * Neighbours: called by snappy.ts, lz4.ts and zstd.ts.
 */

import { createRequire } from 'node:module'
import { ConfigError } from '../errors.js'
import { describeCause } from './malformed.js'

const require = createRequire(import.meta.url)

/**
 * The exports of an optional package, typed by the caller, who declares the few functions it uses.
 *
 * @param compression whose package it is, for the message
 * @param alternative another way to mend its absence, as a clause of its own
 * @throws ConfigError naming the package, why it did not load, and the line that installs it
 */
export function loadPackage<Exports>(
  packageName: string,
  compression: string,
  alternative = '',
): Exports {
  try {
    return require(packageName) as Exports
  } catch (cause) {
    throw new ConfigError(
      `compression '${compression}' needs the package ${packageName}, which could not be loaded: ` +
        `run \`npm install ${packageName}\`${alternative} (${firstLine(describeCause(cause))})`,
      { cause },
    )
  }
}

// Node's own message goes on with the whole require stack; that stays in `cause`.
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
