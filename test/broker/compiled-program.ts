/**
 * Our own Java programs (java/*.java), compiled once, which takes longer than to run them.
 *
 * Neighbours: cache.ts keeps the classes; read-topic.ts and secured/java-login.ts run them.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { cachedFolder } from './cache.js'
import { compileJava } from './java.js'
import { projectFile } from './project.js'

/** The folder of the classes of `java/<name>.java`. */
export async function compiledProgram(classPath: string, name: string): Promise<string> {
  const program = projectFile('test', 'broker', 'java', `${name}.java`)
  const digest = createHash('sha256')
    .update(await readFile(program))
    .digest('hex')
  return cachedFolder(`java-${name}-${digest.slice(0, 16)}`, (folder) =>
    compileJava(classPath, program, folder),
  )
}
