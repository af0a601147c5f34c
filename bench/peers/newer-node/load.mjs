/**
 * Loads a peer's package, from the node_modules beside it or the one above. Here, because a module
 * finds packages from where it lies, and the compiled adapters lie elsewhere.
 */
import { readFileSync } from 'node:fs'

/** @param {string} name */
export function load(name) {
  return import(name)
}

/**
 * The version of an installed package. Read as a file: not every package exports its package.json.
 *
 * @param {string} name
 */
export function versionOf(name) {
  for (const folder of ['node_modules', '../node_modules']) {
    try {
      const url = new URL(`${folder}/${name}/package.json`, import.meta.url)
      return JSON.parse(readFileSync(url, 'utf8')).version
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
  throw new Error(`${name} is not installed`)
}
