/**
 * Makes dist/, what users get: `npm run build`.
 *
 *   dist/           ES modules, for `import`, with their types
 *   dist/cjs/       the same as CommonJS, for `require`, with types of its own: TypeScript takes a
 *                   declaration for what the nearest package.json says it is, so these are copies
 *
 * The code is in few files, for import takes time by the file: one for each entry of package.json's
 * `exports`, and one each for what all of them must have in common, since `instanceof` looks at it: the
 * errors, and the schema registry. As ES modules `ottla` and `ottla/testing` share one more; as CommonJS
 * they do not, because a call from file to file costs more there. Of the declarations those go along that
 * the entries lead to; what is marked `@internal` is not in them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ENTRIES = [
  ...['index', 'testing/cluster'],
  ...['schema-registry/schema-registry', 'avro/avro', 'json-schema/json-schema'],
  ...['protobuf/protobuf', 'prometheus/prometheus', 'opentelemetry/opentelemetry'],
]
/** The files of the registry's room, as one that entries share. */
const REGISTRY = 'schema-registry/room'
const SHARED = ['errors', REGISTRY]
const OPTIONS = {
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false, // src/ is in the package
  logLevel: 'warning',
}

/** Bundles the project's own files alone: packages are left to be found when it runs. */
async function bundle(options) {
  await build({
    ...OPTIONS,
    ...options,
    bundle: true,
    packages: 'external',
    logOverride: { 'ignored-bare-import': 'silent' }, // src/globals.ts is types alone
  })
}

/** The file that stands for a source in every bundle but its own; null where each has a copy. */
function sharedFor(source) {
  if (source === 'errors') return 'errors'
  return source.startsWith('schema-registry/') ? REGISTRY : null
}

/** Leaves shared files to be imported, from where `entry` will lie. */
function leavesShared(entry) {
  const external = ({ path: specifier, resolveDir, kind }) => {
    if (kind === 'entry-point') return null
    const source = relative('src', join(resolveDir, specifier)).replaceAll('\\', '/')
    const shared = sharedFor(source.slice(0, -'.js'.length))
    if (shared === null || shared === entry) return null
    const path = posix.relative(posix.dirname(entry), `${shared}.js`)
    return { path: path.startsWith('.') ? path : `./${path}`, external: true }
  }
  return {
    name: 'leaves-shared',
    setup: (build) => build.onResolve({ filter: /^\..*\.js$/ }, external),
  }
}

/** One file for each entry and each that is shared; `more`: what the format needs. */
async function makeEntries(entries, outdir, more) {
  for (const entry of entries) {
    const input =
      entry === REGISTRY
        ? { stdin: { contents: wholeRoom('schema-registry'), resolveDir: 'src/schema-registry' } }
        : { entryPoints: [`src/${entry}.ts`] }
    const outfile = `${outdir}/${entry}.js`
    await bundle({ ...more, ...input, outfile, plugins: [leavesShared(entry)] })
  }
}

/** All that the files of a room export. */
function wholeRoom(room) {
  const files = readdirSync(`src/${room}`).filter(
    (name) => name.endsWith('.ts') && name !== `${room}.ts`,
  )
  return files.map((name) => `export * from './${name.replace(/\.ts$/, '.js')}'`).join('\n')
}

async function makeModules() {
  const [index, testing, ...others] = ENTRIES
  const entryPoints = [index, testing].map((entry) => `src/${entry}.ts`)
  const plugins = [leavesShared('index')]
  await bundle({ format: 'esm', outdir: 'dist', splitting: true, entryPoints, plugins })
  await makeEntries([...others, ...SHARED], 'dist', { format: 'esm' })
}

async function makeCommonJs() {
  // src/optional-package.ts has __filename there
  const options = { format: 'cjs', define: { 'import.meta.url': 'undefined' } }
  await makeEntries([...ENTRIES, ...SHARED], 'dist/cjs', options)
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
}

function makeTypes() {
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'))
  execFileSync(process.execPath, [tsc, '--project', 'tsconfig.build.json'], { stdio: 'inherit' })
  const needed = reachableFrom(ENTRIES.map((entry) => join('dist', `${entry}.d.ts`)))
  for (const path of declarations()) {
    if (!needed.has(path)) for (const file of [path, `${path}.map`]) rmSync(file)
  }
  for (const path of needed) copyForCommonJs(path)
}

function declarations() {
  return readdirSync('dist', { recursive: true, encoding: 'utf8' })
    .map((name) => join('dist', name))
    .filter((path) => path.endsWith('.d.ts'))
}

/** Those declarations, and all that they import. */
function reachableFrom(paths) {
  const found = new Set(paths)
  for (const path of found) {
    const imports = readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)
    for (const [, name] of imports) found.add(join(dirname(path), `${name}.d.ts`))
  }
  return found
}

function copyForCommonJs(path) {
  const target = join('dist', 'cjs', path.slice('dist/'.length))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, readFileSync(path))
  // The copy is one folder deeper than the map believes.
  const map = readFileSync(`${path}.map`, 'utf8')
  writeFileSync(`${target}.map`, map.replaceAll('"../', '"../../'))
}

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
rmSync('dist', { recursive: true, force: true })
await makeModules()
await makeCommonJs()
makeTypes()
