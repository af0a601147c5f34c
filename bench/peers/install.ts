/**
 * Installs the peers on demand, by their own package managers: npm into bench/peers/node_modules (a
 * C++ compiler is needed for node-rdkafka), Go into bench/peers/bin. For peers that do not run on
 * this Node a newer one is fetched from npm, and they are installed with it, into newer-node/: npm
 * leaves out what the Node that runs it cannot use. What cannot be installed is said and left out.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from '../../test/broker/cache.js'
import { projectFile } from '../../test/broker/project.js'
import { FRANZ_GO, FRANZ_GO_CHAOS, LIBRDKAFKA, type Peer } from './registry.js'

const run = promisify(execFile)

const FOLDER = projectFile('bench', 'peers')
const LIBRDKAFKA_FOLDER = join(FOLDER, 'node_modules', 'node-rdkafka', 'deps', 'librdkafka')
const RDKAFKA_PERFORMANCE = join(LIBRDKAFKA_FOLDER, 'examples', 'rdkafka_performance')
const NEWER_NODE = '24'
const MAX_OUTPUT_BYTES = 100_000_000

/** What is there to be run. */
export interface Installed {
  readonly peers: readonly Peer[]
  /** Path of a Node of the newer major. */
  readonly newerNode: string
}

/** Installs what the peers need and is not there yet. */
export async function installPeers(
  peers: readonly Peer[],
  log: (line: string) => void,
): Promise<Installed> {
  const attempt = async (what: string, install: () => Promise<unknown>): Promise<boolean> => {
    try {
      await install()
      return true
    } catch (error) {
      const { message, stderr = '' } = error as Error & { stderr?: string }
      log(`${what} cannot be installed: ${message}\n${stderr.slice(-1_000)}`)
      return false
    }
  }
  let newerNode = ''
  const hasPackages = await attempt('the npm peers', () => installPackages(log, FOLDER))
  const hasNewer = await attempt('the npm peers for a newer Node', async () => {
    newerNode = await fetchNode(log)
    await installPackages(log, join(FOLDER, 'newer-node'), newerNode)
  })
  const hasC =
    hasPackages &&
    (await attempt('librdkafka', async () => {
      await buildPerformance(log)
      await buildLibrdkafka(log)
    }))
  const hasGo = await attempt('franz-go', () => buildFranzGo(log))
  const has = (peer: Peer): boolean => {
    if (peer.name === 'franz-go') return hasGo
    if (peer.name === 'librdkafka' || peer.name === 'node-rdkafka') return hasC
    if (peer.node === 'newer') return hasNewer
    return peer.node === null || hasPackages
  }
  return { peers: peers.filter(has), newerNode }
}

async function installPackages(
  log: (line: string) => void,
  folder: string,
  node = process.execPath,
): Promise<void> {
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return
  log(`installing ${folder} (node-rdkafka is compiled: this takes minutes)`)
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  await run('npm', ['ci'], { cwd: folder, env, maxBuffer: MAX_OUTPUT_BYTES })
}

async function buildPerformance(log: (line: string) => void): Promise<void> {
  if (existsSync(RDKAFKA_PERFORMANCE)) return
  log("building librdkafka's performance program")
  await run('make', ['-C', join(LIBRDKAFKA_FOLDER, 'examples'), 'rdkafka_performance'], {
    maxBuffer: MAX_OUTPUT_BYTES,
  })
}

/** Against the static library that node-rdkafka was built with. */
async function buildLibrdkafka(log: (line: string) => void): Promise<void> {
  log('building the librdkafka program')
  const source = join(FOLDER, 'librdkafka', 'main.c')
  const library = join(LIBRDKAFKA_FOLDER, 'src', 'librdkafka.a')
  const include = join(LIBRDKAFKA_FOLDER, 'src')
  // What it was built with: zstd, for one, only where its headers are installed.
  const built = readFileSync(join(LIBRDKAFKA_FOLDER, 'Makefile.config'), 'utf8')
  const needs = /^LIBS\+=(.*)$/m.exec(built)?.[1]?.trim().split(/\s+/) ?? []
  mkdirSync(dirname(LIBRDKAFKA), { recursive: true })
  await run('cc', ['-O2', '-I', include, '-o', LIBRDKAFKA, source, library, ...needs])
}

export async function buildFranzGo(log: (line: string) => void): Promise<void> {
  log('building the franz-go programs')
  const cwd = join(FOLDER, 'franz-go')
  await run('go', ['build', '-o', FRANZ_GO, '.'], { cwd })
  await run('go', ['build', '-o', FRANZ_GO_CHAOS, './chaos'], { cwd })
}

/** npm carries Node itself; kept outside the tree. */
async function fetchNode(log: (line: string) => void): Promise<string> {
  if (Number(process.versions.node.split('.')[0]) >= Number(NEWER_NODE)) return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  const folder = await cachedFolder(`bench-node-${NEWER_NODE}`, async (partial) => {
    log(`fetching Node ${NEWER_NODE} (${name}) from npm`)
    const flags = ['--prefix', partial, '--no-save', '--no-audit', '--no-fund']
    await run('npm', ['install', ...flags, `${name}@${NEWER_NODE}`])
  })
  return join(folder, 'node_modules', name, 'bin', 'node')
}
