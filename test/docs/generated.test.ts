/**
 * The generated sections and the picture say what the code and the bench's results say. Where one does not:
 * `npm run compile && node build/test/docs/write.js && npx prettier --write '*.md' docs`.
 */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { plot, PLOT_FILE } from '../../bench/report/plot.js'
import { projectFile } from '../broker/project.js'
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

t.test('the picture shows the results that are kept', async (t) => {
  const file = projectFile(PLOT_FILE)
  t.equal(existsSync(file) ? readFileSync(file, 'utf8') : undefined, await plot())
})

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
  const map = section(page('docs/file-map.md'), 'file map')
  t.strictSame(
    sourcePaths().filter((path) => map?.includes(`(../${path})`) !== true),
    [],
  )
})
