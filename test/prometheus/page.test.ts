/** The table of docs/prometheus.md is the table of the code; the page's alerts name what is exposed. */
import t from 'tap'
import { FIGURES } from '../../src/prometheus/figures.js'
import { page } from '../docs/markdown.js'

const { text } = page('docs/prometheus.md')

t.test('every metric stands in the page as it is in the code', async (t) => {
  const rows = text.matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\| (.+?) +\| (.+?) +\|$/gm)
  const found = Array.from(rows, ([, name, type, labels, help]) => ({ name, type, labels, help }))
  const expected = FIGURES.map(({ name, type, of, help }) => {
    return { name, type, labels: of === 'producer' ? '–' : `\`${of}\``, help }
  })
  t.strictSame(found, expected)
})

t.test('alerts name what is exposed', async (t) => {
  const named = Array.from(text.matchAll(/ottla_producer_(\w+)/g), ([, name = '']) => name)
  const names = FIGURES.map(({ name }) => name)
  t.ok(named.length > 4)
  t.strictSame(named.filter((name) => !names.includes(name)), []) // prettier-ignore
})
