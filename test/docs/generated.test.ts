/**
 * The generated sections say what the code says. Where one does not:
 * `npm run compile && node build/test/docs/write.js && npx prettier --write '*.md' docs`.
 */
import t from 'tap'
import {
  actualDefaults,
  documentedDefault,
  optionDocs,
  SECTIONS,
  sourcePaths,
} from './generated.js'
import { page, section, unaligned } from './markdown.js'

for (const { path, name, make } of SECTIONS) {
  t.test(`${path}, section "${name}", is as the code has it`, async (t) => {
    t.equal(unaligned(section(page(path), name) ?? 'missing'), unaligned(make()))
  })
}

t.test('every option has a docblock', async (t) => {
  const names = optionDocs().map(({ name }) => name)
  t.strictSame(names.sort(), Object.keys(actualDefaults()).sort())
})

t.test('the default in an option’s docblock is the one that it has', async (t) => {
  for (const option of optionDocs()) {
    const documented = documentedDefault(option)
    if (documented === undefined || documented === 'nowhere') continue
    const value = actualDefaults()[option.name]
    t.equal(documented, typeof value === 'string' ? `'${value}'` : String(value), option.name)
  }
})

t.test('the file map has every file of src', async (t) => {
  const map = section(page('ARCHITECTURE.md'), 'file map')
  t.strictSame(
    sourcePaths().filter((path) => map?.includes(`(${path})`) !== true),
    [],
  )
})
