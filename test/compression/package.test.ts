import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadPackage } from '../../src/compression/package.js'
import { projectFile } from '../broker/project.js'

/** A package that is there, but not its native part; where this file's packages are looked for. */
const BROKEN = 'ottla-test-broken-package'
const folder = projectFile('build', 'node_modules', BROKEN)
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'binding.js'), `require('./build/Release/binding.node')`)
await writeFile(join(folder, 'index.js'), `throw new Error('wrong ELF class\\nand more')`)
t.teardown(() => rm(folder, { recursive: true }))

t.test('gives the exports of a package that is there', async (t) => {
  t.type(loadPackage<{ join: unknown }>('any', { name: 'node:path' }).join, 'function')
})

t.test('names a missing package, its codec, the line that installs it and where it was sought', async (t) => {
  const codecPackage = { name: 'ottla-has-no-such-package', alternative: ', or do without' }
  t.throws(() => loadPackage('lz4', codecPackage), {
    name: 'ConfigError',
    code: 'ERR_OTTLA_CONFIG',
    message:
      /^compression 'lz4' needs .* is not installed: run `npm install ottla-has-no-such-package`, or do without\. It was looked for from file:.*optional-package\.js; a bundle .*docs\/bundling\.md/,
  })
}) // prettier-ignore

t.test('a file of a package is never taken for the name of a package', async (t) => {
  const codecPackage = { name: 'ottla-has-no-such-package', file: 'binding.js' }
  const message = messageOf(() => loadPackage('zstd', codecPackage))
  t.match(message, '`npm install ottla-has-no-such-package`')
  t.notMatch(message, 'binding.js')
})

t.test('tells a package that was not built from one that is missing', async (t) => {
  const codecPackage = { name: BROKEN, file: 'binding.js', isBuiltOnInstall: true }
  t.throws(() => loadPackage('zstd', codecPackage), {
    name: 'ConfigError',
    message: new RegExp(
      `its install script was refused or has failed: allow it \\([^)]*\`bun pm trust ${BROKEN}\`\\), and run \`npm rebuild ${BROKEN}\` \\(Cannot find module[^\n]*\\)$`,
    ),
    cause: { code: 'MODULE_NOT_FOUND' },
  })
})

t.test('tells what a prebuilt package lacks', async (t) => {
  const platform = `${process.platform}-${process.arch}`
  const message = messageOf(() => loadPackage('snappy', { name: BROKEN }))
  t.match(message, `run \`npm install ${BROKEN}\` on a machine like this one (${platform})`)
  t.match(message, /\(wrong ELF class\)$/)
})

function messageOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it did not throw')
}
