/**
 * Loads the optional package behind a codec, at the moment that its codec is asked for, and says
 * what to do where that fails.
 *
 * `require` and not `import()`: a codec is made in a constructor, which cannot wait, and these
 * packages are CommonJS. A package that is not installed, or has no binary for this platform,
 * costs nothing to those who do not use its codec.
 *
 * Neighbours: called by snappy.ts, lz4.ts and zstd.ts; ../optional-package.ts finds the package.
 */

import { ConfigError } from '../errors.js'
import { findPackage, loadFound, packagesLookedForFrom } from '../optional-package.js'
import { describeCause } from './malformed.js'

/** What a codec knows of its package. */
export interface CodecPackage {
  /** As npm knows it. */
  readonly name: string
  /** The file of it that is loaded, where that is not the main one: `binding.js`. */
  readonly file?: string
  /** True where an install script makes its native part: that may have been refused. */
  readonly isBuiltOnInstall?: boolean
  /** Another way to fix its absence, as a clause of its own. */
  readonly alternative?: string
}

/**
 * The exports of an optional package, typed by the caller, who declares the few functions it uses.
 *
 * @param compression whose package it is, for the message
 * @throws ConfigError naming the package, whether it is missing or cannot be loaded and why, and the
 *   line that fixes it
 */
export function loadPackage<Exports>(compression: string, codecPackage: CodecPackage): Exports {
  const { name, file } = codecPackage
  const path = findPackage(file === undefined ? name : `${name}/${file}`)
  if (path === null) throw missing(compression, codecPackage)
  try {
    return loadFound(path) as Exports
  } catch (cause) {
    throw notLoadable(compression, codecPackage, cause)
  }
}

function missing(compression: string, { name, alternative = '' }: CodecPackage): ConfigError {
  return new ConfigError(
    `compression '${compression}' needs the package ${name}, which is not installed: ` +
      `run \`npm install ${name}\`${alternative}. It was looked for from ` +
      `${packagesLookedForFrom()}; a bundle needs it in a node_modules beside itself ` +
      `(docs/bundling.md)`,
  )
}

function notLoadable(compression: string, it: CodecPackage, cause: unknown): ConfigError {
  const { name, isBuiltOnInstall = false, alternative = '' } = it
  const mend = isBuiltOnInstall
    ? `its install script was refused or has failed: allow it (\`npm install-scripts approve ${name}\` ` +
      `where npm asks for that, \`pnpm approve-builds\`, \`bun pm trust ${name}\`), and run \`npm rebuild ${name}\``
    : `run \`npm install ${name}\` on a machine like this one (${process.platform}-${process.arch}), ` +
      'with optional dependencies'
  return new ConfigError(
    `compression '${compression}' needs the package ${name}, which is installed, but whose native ` +
      `part could not be loaded: ${mend}${alternative} (${firstLine(describeCause(cause))})`,
    { cause },
  )
}

// Node's own message goes on with the whole require stack; that stays in `cause`.
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
