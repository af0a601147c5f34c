/**
 * Bundles: each is made without a warning, and runs twice: beside the packages, where it finds the
 * codecs and the fast checksum, and alone, where it tells what it lost and does the rest.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { NotHere, type Workshop } from '../workshop.js'
import type { Project } from './project.js'

const BODY = `
async function main() {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  for (const compression of ['none', 'gzip', 'lz4', 'snappy']) {
    try {
      const logs = []
      const log = (facts, message) => logs.push(message)
      const logger = { debug() {}, info: log, warn: log, error: log }
      const producer = new Producer({ brokers: cluster.bootstrap, compression, logger })
      await producer.send({ topic: 'orders', value: 'a record '.repeat(100) })
      await producer.close()
      const notice = logs.some((message) => message.includes('@node-rs/crc32'))
      console.log(compression, 'sent', crc32cImplementation, notice ? 'and says so' : '')
    } catch (error) {
      const isRight = error instanceof ConfigError && error.name === 'ConfigError'
      console.log(compression, isRight ? error.message : error)
    }
  }
  await cluster.close()
}
main()
`
const IMPORTING = `import { ConfigError, crc32cImplementation, Producer } from 'ottla'
import { TestCluster } from 'ottla/testing'
${BODY}`
const REQUIRING = `const { ConfigError, crc32cImplementation, Producer } = require('ottla')
const { TestCluster } = require('ottla/testing')
${BODY}`

const WHOLE = /none sent @node.*gzip sent @node.*lz4 sent @node.*snappy sent @node/s
const LESS =
  /none sent table and says so.*gzip sent table.*lz4 compression 'lz4' needs the package lz4-napi, which is not installed.*a bundle needs it.*snappy compression 'snappy' needs/s

const WEBPACK = `
require('webpack')({
  mode: 'production', target: 'node', context: __dirname, entry: process.argv[2],
  output: { path: __dirname + '/out', filename: 'bundle.cjs' },
}, (error, stats) => {
  if (error || stats.hasErrors() || stats.hasWarnings()) {
    console.log(error ?? stats.toString({ all: false, errors: true, warnings: true }))
    process.exitCode = 1
  }
})`
const ROLLUP = `import { nodeResolve } from '@rollup/plugin-node-resolve'
export default {
  input: 'app.mjs', plugins: [nodeResolve()], onwarn(warning) { throw new Error(warning.message) },
  output: [{ file: 'out/bundle.mjs', format: 'es' }, { file: 'out/bundle.cjs', format: 'cjs' }],
}`
const VITE = `export default {
  build: { ssr: 'app.mjs', outDir: 'out' }, ssr: { noExternal: true }, logLevel: 'warn' }`

interface Bundler {
  readonly name: string
  /** Path of the tool's program, or `./file` of the project, then its arguments. */
  readonly tool: readonly [string, ...string[]]
  readonly files?: Readonly<Record<string, string>>
  readonly bundles: readonly string[]
  readonly isInSubset?: boolean
  /** The bundle still knows where it was made, and finds the packages there: it cannot be alone. */
  readonly remembersOrigin?: boolean
}

const ESBUILD = [
  'esbuild/bin/esbuild',
  '--bundle',
  '--platform=node',
  '--log-level=warning',
] as const

const BUNDLERS: readonly Bundler[] = [
  {
    name: 'esbuild, its defaults for Node',
    tool: [...ESBUILD, 'app.mjs', '--outfile=out/bundle.cjs'],
    bundles: ['bundle.cjs'],
    isInSubset: true,
  },
  {
    name: 'esbuild, require, minified',
    tool: [...ESBUILD, 'app.cjs', '--minify', '--outfile=out/bundle.cjs'],
    bundles: ['bundle.cjs'],
  },
  {
    name: 'esbuild, --format=esm, minified',
    tool: [...ESBUILD, 'app.mjs', '--minify', '--format=esm', '--outfile=out/bundle.mjs'],
    bundles: ['bundle.mjs'],
    isInSubset: true,
  },
  {
    name: 'webpack, import',
    files: { 'build.cjs': WEBPACK },
    tool: ['./build.cjs', './app.mjs'],
    bundles: ['bundle.cjs'],
    isInSubset: true,
    remembersOrigin: true,
  },
  {
    name: 'webpack, require',
    files: { 'build.cjs': WEBPACK },
    tool: ['./build.cjs', './app.cjs'],
    bundles: ['bundle.cjs'],
  },
  {
    name: 'Rollup, ES module and CommonJS',
    files: { 'rollup.config.mjs': ROLLUP },
    tool: ['rollup/dist/bin/rollup', '--config', '--silent'],
    bundles: ['bundle.mjs', 'bundle.cjs'],
    isInSubset: true,
  },
  {
    name: 'ncc, ES module',
    tool: ['@vercel/ncc/dist/ncc/cli.js', 'build', 'app.mjs', '--out', 'out'],
    bundles: ['index.mjs'],
  },
  {
    name: 'ncc, CommonJS',
    tool: ['@vercel/ncc/dist/ncc/cli.js', 'build', 'app.cjs', '--out', 'out'],
    bundles: ['index.cjs'],
  },
  {
    name: 'Vite, server-side, everything inside',
    files: { 'vite.config.mjs': VITE },
    tool: ['vite/bin/vite.js', 'build'],
    bundles: ['app.mjs'],
    isInSubset: true,
  },
]

async function tryBundler(bundler: Bundler, workshop: Workshop): Promise<void> {
  const { name, files = {}, tool, bundles, remembersOrigin = false } = bundler
  const cwd = await workshop.project(name, { 'app.mjs': IMPORTING, 'app.cjs': REQUIRING, ...files })
  const [program, ...rest] = tool
  const path = program.startsWith('./') ? program : workshop.tool(program)
  const output = await workshop.run({ cwd, args: [path, ...rest] })
  if (/warn/i.test(output)) throw new Error(output)
  for (const bundle of bundles) {
    await workshop.expect(WHOLE, { cwd, args: [join('out', bundle)] })
    if (!remembersOrigin) await tryAlone(join(cwd, 'out'), bundle, workshop)
  }
}

async function tryAlone(folder: string, bundle: string, workshop: Workshop): Promise<void> {
  const alone = await mkdtemp(join(tmpdir(), 'ottla-bundle-'))
  const above = join(dirname(alone), 'node_modules')
  if (existsSync(above)) throw new NotHere(`${above} would serve the bundle: set TMPDIR`)
  try {
    await cp(folder, alone, { recursive: true })
    await workshop.expect(LESS, { cwd: alone, args: [bundle] })
  } finally {
    await rm(alone, { recursive: true })
  }
}

export const BUNDLER_PROJECTS: readonly Project[] = BUNDLERS.map((bundler) => ({
  group: 'Bundlers, beside the packages and alone',
  name: bundler.name,
  isInSubset: bundler.isInSubset === true,
  try: (workshop) => tryBundler(bundler, workshop),
}))
