/**
 * Peers' packages as the adapters get them: loaded from bench/peers, with just the types that an
 * adapter writes down (the packages are not there when the project is compiled).
 */
import { pathToFileURL } from 'node:url'
import { projectFile } from '../../test/broker/project.js'

/** What newer-node/load.mjs exports. */
interface Loader {
  readonly load: (name: string) => Promise<object>
  readonly versionOf: (name: string) => string
}

/** An installed peer. */
export interface LoadedPeer<Exports> {
  readonly exports: Exports
  readonly version: string
}

/** Loads a peer by its package's name. */
export async function loadPeer<Exports>(name: string): Promise<LoadedPeer<Exports>> {
  const loader = pathToFileURL(projectFile('bench', 'peers', 'newer-node', 'load.mjs')).href
  const { load, versionOf } = (await import(loader)) as Loader
  const module = await load(name)
  // A CommonJS module is the default export of what `import` makes of it.
  const exports = 'default' in module ? module.default : module
  return { exports: exports as Exports, version: versionOf(name) }
}
