import t from 'tap'
import { loadPackage } from '../../src/compression/package.js'

t.test('gives the exports of a package that is there', async (t) => {
  t.type(loadPackage<{ join: unknown }>('node:path', 'any').join, 'function')
})

t.test('names a missing package, its codec and the line that installs it', async (t) => {
  t.throws(() => loadPackage('ottla-has-no-such-package', 'lz4', ', or do without'), {
    name: 'ConfigError',
    code: 'ERR_OTTLA_CONFIG',
    message:
      /^compression 'lz4' needs .* run `npm install ottla-has-no-such-package`, or do without \(Cannot find module[^\n]*\)$/,
    cause: { code: 'MODULE_NOT_FOUND' },
  })
})
