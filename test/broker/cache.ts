/**
 * Folders that are made once and kept outside the tree: in `$OTTLA_CACHE`, else
 * `$XDG_CACHE_HOME/ottla`, else `~/.cache/ottla`.
 *
 * A folder is filled under a name of its own and renamed when it is whole. So one that has the right
 * name is complete, whoever was interrupted, and of two processes that fill it at once the second
 * finds the name taken and throws its copy away.
 *
 * Neighbours: jars.ts keeps Kafka's jars here, read-topic.ts its compiled reader.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of that name, filled first by `fill` if it is not there yet. */
export async function cachedFolder(
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = cachePath(name)
  if (existsSync(folder)) return folder
  const partial = `${folder}.partial-${randomUUID()}`
  await mkdir(partial, { recursive: true })
  try {
    await fill(partial)
    await rename(partial, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // else another process was first, with the same content
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}

/** Where a file or folder of that name is kept, whether it is there or not. */
export function cachePath(name: string): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(process.env.OTTLA_CACHE || join(base, 'ottla'), name)
}
