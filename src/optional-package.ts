/**
 * Loads optional packages: by a `require` that works in every form this code takes, be it the one
 * for `import`, the one for `require`, or a bundle of either.
 *
 * Bundlers do not see these calls, and so neither drag native binaries in nor warn of them. The
 * packages are looked for when the program runs, from the file that runs: in a bundle that is the
 * bundle itself, so what is installed beside it is found (docs/bundling.md).
 *
 * Neighbours: compression/package.ts asks for codecs, protocol/crc32c.ts for checksums.
 */
import { createRequire } from 'node:module'

/**
 * Files from which a package is looked for, in turn. In CommonJS `__filename` is this file or the
 * bundle, and a bundler leaves it alone; `import.meta.url` is the same in ES modules, but webpack
 * writes the path of the machine that built it there: so the program's main file comes next.
 */
function startingPoints(): string[] {
  const own = typeof __filename === 'string' ? __filename : import.meta.url
  return [own, process.argv[1]].filter((place) => typeof place === 'string')
}

/** Where {@link findPackage} looks first, for messages. */
export function packagesLookedForFrom(): string {
  return startingPoints()[0] ?? process.cwd()
}

/** Path of a file of a package, `name` or `name/file.js`; null where it is not installed. */
export function findPackage(specifier: string): string | null {
  for (const place of startingPoints()) {
    try {
      return createRequire(place).resolve(specifier)
    } catch {
      // Not from there, or that is no place that `require` takes.
    }
  }
  return null
}

/** The exports of what {@link findPackage} found. Throws what that code throws: it may be not built. */
export function loadFound(path: string): unknown {
  const [place = path] = startingPoints()
  return createRequire(place)(path)
}
