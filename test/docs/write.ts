/**
 * Writes the generated sections into their pages, and the picture: `npm run compile && node build/test/docs/write.js`,
 * then prettier.
 */
import { writeFileSync } from 'node:fs'
import { plot, PLOT_FILE } from '../../bench/report/plot.js'
import { projectFile } from '../broker/project.js'
import { SECTIONS } from './generated.js'
import { page, withSection } from './markdown.js'

for (const { path, name, make } of SECTIONS) {
  writeFileSync(projectFile(path), withSection(page(path), name, make()))
  console.log(`${path}: ${name}`)
}

const svg = await plot()
if (svg !== undefined) writeFileSync(projectFile(PLOT_FILE), svg)
