/**
 * Two builds of Ottla in one process, in turn by slices of some ten milliseconds: what disturbs the
 * machine disturbs both. It shows differences of a few percent where runs one after the other differ by
 * thirty. Each build has its own modules, so that what V8 has learnt of one says nothing of the other.
 *
 *   node --expose-gc build/bench/micro/compare.js <other checkout, compiled> [case] [slices]
 *
 * Who comes first has a slight disadvantage, and one process may be unlucky as a whole: the figure to go
 * by is the median of several processes, of which half have the order of folders turned (`--turned`).
 */
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { median } from '../support/statistics.js'
import type { openPipeline } from './pipeline.js'

const SLICES = 100
const WARMUP_SLICES = 10

interface Build {
  readonly openPipeline: typeof openPipeline
}

function load(root: string): Promise<Build> {
  const file = join(root, 'build', 'bench', 'micro', 'pipeline.js')
  return import(pathToFileURL(file).href) as Promise<Build>
}

/** Nanoseconds a record of each build, slice by slice. */
async function measure(
  roots: readonly string[],
  name: string,
  slices: number,
): Promise<number[][]> {
  const builds = await Promise.all(roots.map(load))
  const subjects = []
  for (const build of builds)
    subjects.push({ pipeline: await build.openPipeline(name), ns: [] as number[] })
  for (let slice = 0; slice < WARMUP_SLICES + slices; slice++) {
    for (const { pipeline, ns } of subjects) {
      globalThis.gc?.({ type: 'minor' })
      const { wholeNs } = await pipeline.run()
      if (slice >= WARMUP_SLICES) ns.push(wholeNs)
    }
    subjects.reverse()
  }
  if (slices % 2 !== 0) subjects.reverse()
  for (const { pipeline } of subjects) await pipeline.close()
  return subjects.map(({ ns }) => ns)
}

async function main(args: readonly string[]): Promise<void> {
  const isTurned = args.includes('--turned')
  const [other = '', name = 'enqueue', slices = SLICES] = args.filter((it) => !it.startsWith('-'))
  const here = fileURLToPath(new URL('../../../', import.meta.url))
  const roots = [resolve(other), here]
  const costs = await measure(isTurned ? roots.reverse() : roots, name, Number(slices))
  const [before = [], after = []] = isTurned ? costs.reverse() : costs
  const ratio = (low(after) / low(before)).toFixed(3)
  const medians = `medians ${median(before).toFixed(0)} and ${median(after).toFixed(0)}`
  console.log(
    `${name}: ${low(before).toFixed(0)} ns there, ${low(after).toFixed(0)} ns here: ${ratio} (${medians})`,
  )
}

/** The tenth percentile: what it costs while nothing disturbs it. */
function low(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? 0
}

await main(process.argv.slice(2))
