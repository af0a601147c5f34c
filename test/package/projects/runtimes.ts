/**
 * Plain programs, as ES modules and as CommonJS, on each Node: the least and the newest of each major.
 */
import { COMMONJS, ES_MODULE, SENT } from '../programs.js'
import { TOOL_LIST, type Workshop } from '../workshop.js'
import type { Project } from './project.js'

const MIXED = `
const required = require('ottla')
import('ottla').then((imported) => {
  const error = new required.ClosedError('closed')
  console.log(required !== imported, error instanceof imported.DeliveryError, error.name)
})
`

function program(file: string, text: string, expected: string, node?: string): Project['try'] {
  return async (workshop: Workshop) => {
    const cwd = await workshop.project(`node ${node ?? ''}`, { [file]: text })
    const binary = node === undefined ? {} : { node: await workshop.node(node) }
    await workshop.expect(expected, { cwd, args: [file], ...binary })
  }
}

export const RUNTIMES: readonly Project[] = TOOL_LIST.nodes.flatMap((node) => {
  const common = { group: 'Node', isInSubset: true }
  return [
    { ...common, name: `${node}, ES module`, try: program('send.mjs', ES_MODULE, SENT, node) },
    { ...common, name: `${node}, CommonJS`, try: program('send.cjs', COMMONJS, SENT, node) },
    {
      ...common,
      name: `${node}, both at once`,
      try: program('both.cjs', MIXED, 'true true ClosedError', node),
    },
  ]
})
