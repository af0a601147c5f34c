/**
 * What a reader may rely on: the README is short, docs/options.md has every option, docs/errors.md
 * every error class and code, docs/README.md every page of docs. (Links: names.test.ts.)
 */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import * as errors from '../../src/errors.js'
import { projectFile } from '../broker/project.js'
import { optionDocs, sourcePaths } from './generated.js'
import { page, section } from './markdown.js'

const README_BYTES = 12_288
const OPTIONS_IN_README = 8

t.test('README.md is at most 12 KB', async (t) => {
  const { text } = page('README.md')
  const sizeBytes = Buffer.byteLength(text)
  t.ok(sizeBytes <= README_BYTES, `${sizeBytes} bytes: move something to a page of docs`)
})

t.test('README.md has eight options, by their names', async (t) => {
  const [, text = ''] = page('README.md').text.split('\n## Options\n')
  const [chapter = ''] = text.split('\n## ')
  const named = firstCells(chapter)
  const options = optionDocs().map(({ name }) => name)
  t.equal(named.length, OPTIONS_IN_README)
  t.strictSame(
    named.filter((name) => !options.includes(name)),
    [],
  )
})

t.test('docs/options.md has every option', async (t) => {
  const named = firstCells(section(page('docs/options.md'), 'options') ?? '')
  t.strictSame(named, optionNames())
})

t.test('docs/errors.md has every class of src/errors.ts, and says what to do', async (t) => {
  const classes = Object.values(errors)
    .filter((it) => typeof it === 'function' && it !== errors.OttlaError)
    .map(({ name }) => name)
    .sort()
  t.ok(classes.length > 10, 'classes are found at all')
  const errorsPage = page('docs/errors.md')
  const [, chapter = ''] = errorsPage.text.split('\n## What to do\n')
  const [whatToDo = ''] = chapter.split('\n## ')
  t.strictSame(firstCells(section(errorsPage, 'errors') ?? '').sort(), classes)
  t.strictSame(firstCells(whatToDo).sort(), classes)
})

t.test('docs/errors.md has every code of an error', async (t) => {
  const named = new Set(page('docs/errors.md').text.match(/ERR_OTTLA_\w+/g))
  const codes = codesOfSource()
  t.ok(codes.length > 30, 'codes are found at all')
  t.strictSame(
    codes.filter((code) => !named.has(code)),
    [],
  )
  t.strictSame(
    [...named].filter((code) => !codes.includes(code)),
    [],
    'and no other',
  )
})

t.test('docs/README.md has every page of docs', async (t) => {
  const { text } = page('docs/README.md')
  const pages = readdirSync(projectFile('docs')).filter(
    (it) => it.endsWith('.md') && it !== 'README.md',
  )
  t.strictSame(
    pages.filter((it) => !text.includes(`](${it})`)),
    [],
  )
})

t.test('nothing of README.md is generated but figures', async (t) => {
  const { text } = page('README.md')
  const names = Array.from(text.matchAll(/<!-- generated: (.*?) -->/g), ([, name]) => name)
  t.strictSame(names, ['plot', 'speed'])
})

function optionNames(): string[] {
  return optionDocs().map(({ name }) => name)
}

/** Every code in the source, those of TLS put together from their kinds. */
function codesOfSource(): string[] {
  const texts = sourcePaths().map((path) => readFileSync(projectFile(path), 'utf8'))
  const whole = texts.flatMap((text) => text.match(/(?<=['`])ERR_OTTLA_\w*[A-Z](?=['`])/g) ?? [])
  const kinds = readFileSync(projectFile('src/network/tls/tls-errors.ts'), 'utf8')
  const ofTls = Array.from(kinds.matchAll(/^ {4}code: '(\w+)',$/gm), ([, kind]) => {
    return `ERR_OTTLA_TLS_${kind}`
  })
  return [...new Set([...whole, ...ofTls])].sort()
}

/** What stands in backticks in the first cell of each row of a table. */
function firstCells(text: string): string[] {
  return Array.from(text.matchAll(/^\| `(\w+)` +\|/gm), ([, name = '']) => name)
}
