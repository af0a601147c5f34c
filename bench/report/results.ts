/**
 * Keeps a run as JSON in bench/results: where, when, of what, and every sample, so that any table
 * can be made again from it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { crc32cImplementation, VERSION } from '../../src/index.js'
import { projectFile } from '../../test/broker/project.js'
import { VALUES_SEED } from '../support/values.js'
import type { Measured } from './columns.js'

/** One group's samples. */
export interface GroupResult {
  readonly case: string
  readonly group: string
  readonly measured: readonly Measured[]
}

/** Writes `bench/results/<date>-<name>.json`; returns its path. */
export function writeResults(
  name: string,
  brokerVersion: string,
  options: object,
  groups: readonly GroupResult[],
): string {
  const date = new Date().toISOString()
  const folder = projectFile('bench', 'results')
  mkdirSync(folder, { recursive: true })
  const file = `${folder}/${date.slice(0, 19).replaceAll(':', '')}-${name}.json`
  const result = {
    date,
    commit: git('rev-parse', 'HEAD'),
    // The results themselves do not count: they are written by runs of this commit.
    isDirty: git('status', '--porcelain', '--', 'src', 'bench', ':!bench/results') !== '',
    ottla: VERSION,
    crc32c: crc32cImplementation,
    node: process.versions.node,
    v8: process.versions.v8,
    broker: brokerVersion,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      platform: process.platform,
      arch: process.arch,
      kernel: release(),
    },
    valuesSeed: VALUES_SEED,
    options,
    groups,
  }
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  return file
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: projectFile(), encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown' // not a checkout
  }
}
