/**
 * The table of docs/health-and-logs.md has every line that the sources can log, and no other; its fields
 * are those that a line may have; and no line of a level but debug is without a word on how often.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { projectFile } from '../broker/project.js'
import { logLines } from './log-lines.js'
import { page } from './markdown.js'

interface Row {
  readonly level: string
  readonly text: string
  readonly fields: readonly string[]
  readonly when: string
}

function rows(): Row[] {
  const [, section = ''] = page('docs/health-and-logs.md').text.split('\n## Every line\n')
  const found = section.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.*?) +\| (.*?) +\|$/gm)
  return Array.from(found, ([, level = '', text = '', fields = '', when = '']) => {
    const names = Array.from(fields.matchAll(/`(\w+)`/g), ([, name = '']) => name)
    return { level, text, fields: names, when }
  })
}

const keysOf = (lines: readonly { readonly level: string; readonly text: string }[]): string[] =>
  [...new Set(lines.map(({ level, text }) => `${level}: ${text}`))].sort()

t.test('every line that can be logged is in the table, and no other', async (t) => {
  const inCode = logLines()
  t.ok(inCode.length > 30, 'lines are found at all')
  t.strictSame(keysOf(rows()), keysOf(inCode))
  t.strictSame(
    inCode.filter(({ text }) => text.startsWith('{')),
    [],
    'a text that stands elsewhere is named in log-lines.ts',
  )
})

t.test('the fields are those of LogFacts', async (t) => {
  const [, facts = ''] =
    /interface LogFacts \{(.*?)^\}/ms.exec(readFileSync(projectFile('src/logger.ts'), 'utf8')) ?? []
  const names = Array.from(facts.matchAll(/readonly (\w+)\??:/g), ([, name = '']) => name)
  const inTable = new Set(rows().flatMap(({ fields }) => fields))
  t.strictSame([...inTable].filter((name) => !names.includes(name)), []) // prettier-ignore
  t.strictSame(names.filter((name) => !inTable.has(name)), [], 'each is explained by some line') // prettier-ignore
})

t.test('each line says when; a warning that has an end says so', async (t) => {
  for (const { level, text, when } of rows()) t.ok(when.length > 10, `${level}: ${text}`)
  const ends = rows().filter(({ fields }) => fields.includes('outageMs'))
  t.ok(ends.length >= 4)
  for (const { level, text } of ends) t.equal(level, 'info', text)
})
