/**
 * The project's pages, and what the tests look at in them: links, code blocks, generated sections.
 *
 * Not a Markdown parser: it knows the few forms that our own pages use.
 *
 * Neighbours: generated.ts makes the sections, write.ts puts them into the pages.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'

/** One page; `path` is from the project's root. */
export interface Page {
  readonly path: string
  readonly text: string
}

/** A fenced block of code; `line` is that of its first line, from 1. */
export interface CodeBlock {
  readonly path: string
  readonly line: number
  readonly language: string
  readonly code: string
}

/** A link to a file of the project or to a heading: `target` as it stands in the page. */
export interface Link {
  readonly path: string
  readonly target: string
}

/** Every page that a user or developer is pointed to. */
export function pages(): Page[] {
  const atRoot = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']
  const inDocs = readdirSync(projectFile('docs')).map((name) => `docs/${name}`)
  return [...atRoot, ...inDocs]
    .filter((path) => path.endsWith('.md') && existsSync(projectFile(path)))
    .map(page)
}

/** One page by its path. */
export function page(path: string): Page {
  return { path, text: readFileSync(projectFile(path), 'utf8') }
}

const FENCE = /^```(\w*)[^\n]*\n(.*?)^```$/gms

export function codeBlocks({ path, text }: Page): CodeBlock[] {
  return Array.from(text.matchAll(FENCE), (match) => {
    const [, language = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    return { path, line, language, code }
  })
}

/** The page without its code blocks. */
export function prose({ text }: Page): string {
  return text.replaceAll(FENCE, '')
}

/** Links that do not leave the project. */
export function innerLinks(page: Page): Link[] {
  return Array.from(prose(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => ({
    path: page.path,
    target,
  })).filter(({ target }) => !/^[a-z]+:/.test(target))
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: Page): string[] {
  return Array.from(prose(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Where a generated section stands in a page: between two comments that name it. */
function sectionPattern(name: string): RegExp {
  return new RegExp(`(<!-- generated: ${name} -->\n)(.*?)(\n<!-- end: ${name} -->)`, 's')
}

/** The text of a generated section; undefined where the page has none of that name. */
export function section({ text }: Page, name: string): string | undefined {
  return sectionPattern(name).exec(text)?.[2]
}

/** The page's text with another section in place. */
export function withSection({ path, text }: Page, name: string, body: string): string {
  if (!sectionPattern(name).test(text)) throw new Error(`${path} has no section ${name}`)
  return text.replace(
    sectionPattern(name),
    (_, begin: string, _old, end: string) => `${begin}\n${body}\n${end}`,
  )
}

/** A table; cells may hold any Markdown but a line's end. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Without what prettier adds to a table: one space where it aligns, three dashes under the head. */
export function unaligned(text: string): string {
  return text.trim().replaceAll(/-{3,}/g, '---').replaceAll(/ +/g, ' ').replaceAll(/\n+/g, '\n')
}
