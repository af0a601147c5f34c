/**
 * Makes dist/, what users get: `npm run build`.
 *
 *   dist/           ES modules, for `import`, with their types
 *   dist/cjs/       the same as CommonJS, for `require`, with types of its own: TypeScript takes a
 *                   declaration for what the nearest package.json says it is, so these are copies
 *
 * The code is in few files, for import takes time by the file. As ES modules `ottla` and
 * `ottla/testing` share one; as CommonJS each is whole, because a call from file to file costs more
 * there. Of the declarations those go along that the two entries lead to; what is marked `@internal`
 * is not in them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ENTRIES = ['index', 'testing/cluster']
const OPTIONS = {
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false, // src/ is in the package
  logLevel: 'warning',
}

/** Both bundle the project's own files alone: packages are left to be found when it runs. */
async function makeModules(format, more) {
  await build({
    ...OPTIONS,
    ...more,
    entryPoints: ENTRIES.map((entry) => `src/${entry}.ts`),
    format,
    bundle: true,
    packages: 'external',
    logOverride: { 'ignored-bare-import': 'silent' }, // src/globals.ts is types alone
  })
}

async function makeCommonJs() {
  // src/optional-package.ts has __filename there
  await makeModules('cjs', { outdir: 'dist/cjs', define: { 'import.meta.url': 'undefined' } })
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
await makeModules('esm', { outdir: 'dist', splitting: true })
await makeCommonJs()
makeTypes()
