/** Each deliberate defect has its place in the code; that it is found is `mutations-check.ts`, which takes long. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ALL_MUTATIONS, changed } from './mutations.js'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

for (const { name, changes } of ALL_MUTATIONS) {
  t.test(name, async (t) => {
    for (const change of changes) {
      const source = readFileSync(join(SRC, change.file), 'utf8')
      t.not(changed(source, change), source, change.file)
    }
  })
}
