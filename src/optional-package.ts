/**
 * Loads optional packages: by a `require` that works in every form this code takes, be it the one
 * for `import`, the one for `require`, or a bundle of either.
 *
 * Bundlers do not see these calls, and so neither drag native binaries in nor warn of them. The
 * packages are looked for when the program runs, from the file that runs: in a bundle that is the
 * bundle itself, so what is installed beside it is found (docs/bundling.md).
 *
 * Neighbours: compression/package.ts asks for codecs, protocol/crc32c.ts for checksums,
 * network/sasl/msk-iam-token.ts for AWS's signer.
 */
// Not `import { createRequire }`: webpack knows that name, and would resolve the calls when it bundles.
import nodeModule from 'node:module'
import { isAbsolute } from 'node:path'

/**
 * Files from which a package is looked for, in turn: this file, or the bundle that it is part of. In
 * CommonJS that is `__filename`, which bundlers leave alone; in ES modules `import.meta.url`, where
 * webpack writes the path of the machine that built it, so that the program's main file comes next.
 */
function startingPoints(): string[] {
  const places = [ownFilename(), import.meta.url, process.argv[1]]
  return places.filter((place) => typeof place === 'string')
}

/** Undefined in an ES module; `node --eval` has a global of that name, which is no path. */
function ownFilename(): string | undefined {
  return typeof __filename === 'string' && isAbsolute(__filename) ? __filename : undefined
}

/** Where {@link findPackage} looks first, for messages. */
export function packagesLookedForFrom(): string {
  return startingPoints()[0] ?? process.cwd()
}

/** Path of a file of a package, `name` or `name/file.js`; null where it is not installed. */
export function findPackage(specifier: string): string | null {
  for (const place of startingPoints()) {
    try {
      return nodeModule.createRequire(place).resolve(specifier)
    } catch {
      // Not from there, or that is no place that `require` takes.
    }
  }
  return null
}

/** The exports of what {@link findPackage} found. Throws what that code throws: it may be not built. */
export function loadFound(path: string): unknown {
  const [place = path] = startingPoints()
  return nodeModule.createRequire(place)(path)
}
