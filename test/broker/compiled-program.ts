/**
 * Our own Java programs (java/*.java), compiled once, which takes longer than to run them.
 *
 * Neighbours: cache.ts keeps the classes; read-topic.ts and secured/java-login.ts run them.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from './cache.js'
import { compileJava, packJar } from './java.js'
import { projectFile } from './project.js'

const JAR = 'program.jar'

/** A jar of the classes of `java/<name>.java`: a folder would have no class archive. */
export async function compiledProgram(classPath: string, name: string): Promise<string> {
  const program = projectFile('test', 'broker', 'java', `${name}.java`)
  const digest = createHash('sha256')
    .update(await readFile(program))
    .digest('hex')
  const folder = await cachedFolder(`jar-${name}-${digest.slice(0, 16)}`, async (partial) => {
    const classes = join(partial, 'classes')
    await compileJava(classPath, program, classes)
    await packJar(classes, join(partial, JAR))
  })
  return join(folder, JAR)
}
