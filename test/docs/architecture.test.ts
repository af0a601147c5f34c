/**
 * ARCHITECTURE.md can be read in an hour: the page is short, nine files tell a record's whole way, and
 * page and files together are no longer than somebody reads at a stretch.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { projectFile } from '../broker/project.js'
import { page } from './markdown.js'

const MOST_BYTES = 15_360
const TOUR_FILES = 9
const MOST_LINES = 1800

const { text } = page('ARCHITECTURE.md')

/** The files of the tour, in the order in which they are to be read. */
function tour(): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith('The tour\n')) ?? ''
  return Array.from(section.matchAll(/\]\((src\/[\w/-]+\.ts)\)/g), ([, path = '']) => path)
}

function linesOf(path: string): number {
  return readFileSync(projectFile(path), 'utf8').split('\n').length - 1
}

t.test('the page has at most 15,360 bytes', async (t) => {
  const bytes = Buffer.byteLength(text)
  t.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
})

t.test('the tour has nine files', async (t) => {
  t.equal(new Set(tour()).size, TOUR_FILES)
})

t.test('page and tour together have at most 1,800 lines', async (t) => {
  const lines = ['ARCHITECTURE.md', ...tour()].map(linesOf).reduce((sum, count) => sum + count, 0)
  t.ok(lines <= MOST_LINES, `${lines} lines`)
})
