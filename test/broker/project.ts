/**
 * Where the project's own files are. Tests run compiled, from an output folder that has no `.java`
 * and no compose file beside it, so such files are found from the project's root.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of a file of the project, `parts` counted from its root. */
export function projectFile(...parts: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`no package.json above ${import.meta.url}`)
    folder = parent
  }
  return join(folder, ...parts)
}
