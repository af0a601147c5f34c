/**
 * Writes the generated sections into their pages: `npm run compile && node build/test/docs/write.js`,
 * then prettier.
 */
import { writeFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'
import { SECTIONS } from './generated.js'
import { page, withSection } from './markdown.js'

for (const { path, name, make } of SECTIONS) {
  writeFileSync(projectFile(path), withSection(page(path), name, make()))
  console.log(`${path}: ${name}`)
}
