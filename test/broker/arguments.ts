/**
 * The command line that run.ts and keep.ts share.
 */
import { parseArgs } from 'node:util'
import type { StartOptions } from './kafka.js'
import { kafkaVersion } from './versions.js'

/** `--nodes` and `--version`; throws, adding `usage`, for anything else. */
export function parseStart(argv: readonly string[], usage: string): StartOptions {
  const { nodes, version } = parsed(argv, usage)
  if (nodes !== undefined && nodes !== '1' && nodes !== '3') {
    throw new Error(`--nodes ${nodes}: one or three nodes can be started\n${usage}`)
  }
  return {
    ...(nodes === undefined ? {} : { nodes: nodes === '3' ? 3 : 1 }),
    ...(version === undefined ? {} : { version: kafkaVersion(version).version }),
  }
}

function parsed(
  argv: readonly string[],
  usage: string,
): { nodes?: string | undefined; version?: string | undefined } {
  const options = { nodes: { type: 'string' }, version: { type: 'string' } } as const
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`, { cause: error })
  }
}
