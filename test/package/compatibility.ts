/**
 * What came of each project, and its section in docs/compatibility.md.
 *
 * Neighbours: main.ts finds it out; ../matrix/page.ts makes the rest of the page.
 */
import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { projectFile } from '../broker/project.js'
import { page, table, withSection } from '../docs/markdown.js'
import { TOOL_LIST } from './workshop.js'

const PAGE = 'docs/compatibility.md'
/** The section's name, in the comments around it. */
export const SECTION = 'projects'

export interface Verdict {
  readonly group: string
  readonly name: string
  readonly outcome: 'works' | 'FAILS' | 'not tried here'
  readonly seconds: number
  readonly reason?: string
}

/** Puts the table into the page. */
export async function writeTable(verdicts: readonly Verdict[]): Promise<void> {
  const rows = verdicts.map(({ group, name, outcome }) => [group, name, outcome])
  const text = withSection(page(PAGE), SECTION, `${table(['', 'Project', ''], rows)}\n\n${tools()}`)
  const path = projectFile(PAGE)
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }))
}

function tools(): string {
  const { dependencies } = TOOL_LIST
  const names = Object.keys(dependencies).filter((name) => !/^(@types|typescript)/.test(name))
  return `Versions: ${names.map((name) => `${name} ${dependencies[name]}`).join(', ')}.`
}
