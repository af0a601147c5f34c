/**
 * What the pages name is there: files and headings behind links, npm scripts, functions.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import t, { type Test } from 'tap'
import { projectFile } from '../broker/project.js'
import { anchors, innerLinks, page, pages, type Page } from './markdown.js'

t.test('every link within the project leads somewhere', async (t) => {
  const broken = pages()
    .flatMap(innerLinks)
    .filter(({ path, target }) => !leadsSomewhere(path, target))
  t.strictSame(broken, [])
  t.ok(pages().flatMap(innerLinks).length > 0, 'links are found at all')
})

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : posix.join(dirname(from), file)
  if (!existsSync(projectFile(path))) return false
  return anchor === undefined || anchors(page(path)).includes(anchor)
}

t.test('every npm script that a page names is in package.json', async (t) => {
  const { scripts } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = pages().flatMap(({ path, text }) =>
    Array.from(text.matchAll(/npm (?:run ([\w:-]+)|(test)\b)/g), ([, script, test]) => ({
      path,
      script: script ?? test ?? '',
    })),
  )
  t.ok(named.length > 0, 'scripts are found at all')
  t.strictSame(
    named.filter(({ script }) => !Object.hasOwn(scripts, script)),
    [],
  )
})

for (const path of ['ARCHITECTURE.md', 'docs/decisions.md']) {
  t.test(`every \`file.ts:function\` of ${path} is declared in that file`, async (t) => {
    holdsNames(t, page(path))
  })
}

function holdsNames(t: Test, { text }: Page): void {
  const named = Array.from(text.matchAll(/`([\w/-]+\.ts):(#?\w+)`/g), ([, path, name]) => {
    return { path: posix.join('src', path ?? ''), name: name ?? '' }
  })
  t.ok(named.length > 20, 'names are found at all')
  t.strictSame(
    named.filter((reference) => !isDeclared(reference)),
    [],
  )
}

function isDeclared({ path, name }: { path: string; name: string }): boolean {
  if (!existsSync(projectFile(path))) return false
  const modifiers = '(?:(?:export|async|readonly|static|function|class|const|interface|get) )*'
  const declaration = new RegExp(
    `^\\s*${modifiers}\\*?${name}(?:[(<:]| =| \\{| extends | implements )`,
    'm',
  )
  return declaration.test(readFileSync(projectFile(path), 'utf8'))
}
