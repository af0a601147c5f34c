/**
 * Brokers that are far away: three of them, each behind a proxy that makes the round trip, beside Java
 * and franz-go. Open loop, as `latency`; keys that lie evenly over the partitions.
 */
import { buildFranzGo } from '../peers/install.js'
import { buildJavaProgram, JAVA_PROGRAM } from '../peers/java-program.js'
import { FRANZ_GO } from '../peers/registry.js'
import type { BenchOptions } from '../options.js'
import { WAY_COLUMNS, waySection } from '../report/way.js'
import { keysOf } from '../support/keys.js'
import { ottla, type Case, type Group, type Subject, type TaskChanges } from './case.js'

const ROUND_TRIPS_MS = [0, 2, 10, 40, 100]
const RATES_PER_SECOND = [100, 1_000, 10_000]
const LINGERS_MS = [0, 5]
/** Where it is also measured how fast each can be. */
const FULL_SPEED_ROUND_TRIP_MS = 40
const PARTITIONS = 12

export const JAVA: Subject = { name: 'java', program: JAVA_PROGRAM }
export const GO: Subject = { name: 'franz-go', program: { command: FRANZ_GO, args: [] } }

/** What all cells have in common. */
const WAY_TASK: TaskChanges = {
  partitions: PARTITIONS,
  keys: keysOf(PARTITIONS),
  warmupRecords: 0,
  warmupSeconds: 10,
  maxSeconds: 30,
  records: Infinity,
}

type Numbers = Pick<BenchOptions, 'roundTripsMs' | 'ratesPerSecond' | 'lingersMs'>

/** A group for each cell; the sweep's too. */
export function wayGroups({
  roundTripsMs = ROUND_TRIPS_MS,
  ratesPerSecond,
  lingersMs = LINGERS_MS,
}: Partial<Numbers>): Group[] {
  const groups = roundTripsMs.flatMap((roundTripMs) =>
    (ratesPerSecond ?? RATES_PER_SECOND).flatMap((ratePerSecond) =>
      lingersMs.map((lingerMs) => cell(roundTripMs, ratePerSecond, lingerMs)),
    ),
  )
  const isAsked = ratesPerSecond === undefined && roundTripsMs.includes(FULL_SPEED_ROUND_TRIP_MS)
  return isAsked ? [...groups, cell(FULL_SPEED_ROUND_TRIP_MS, 0, 0)] : groups
}

function cell(roundTripMs: number, ratePerSecond: number, lingerMs: number): Group {
  const rate =
    ratePerSecond === 0
      ? 'as fast as each can'
      : `${ratePerSecond.toLocaleString('en-US')} records/s`
  return {
    title: `round trip ${roundTripMs} ms, ${rate}, lingerMs ${lingerMs}`,
    task: { ...WAY_TASK, ratePerSecond, settings: { lingerMs } },
    subjects: ratePerSecond === 0 ? [ottla('enqueue'), GO] : [ottla('send'), JAVA, GO],
    takesPeers: false,
    roundTripMs,
  }
}

export const way: Case = {
  name: 'way',
  summary: 'round trips of 0 to 100 ms, 3 brokers: latency and requests beside Java and franz-go',
  columns: WAY_COLUMNS,
  groups: wayGroups({}),
  groupsFor: wayGroups,
  isFarAway: true,
  isOnlyByName: true,
  rounds: 5,
  prepare: preparePeers,
  section: waySection,
}

/** What cannot be built is told, and has no rows. */
export async function preparePeers(log: (line: string) => void): Promise<void> {
  for (const build of [buildFranzGo, buildJavaProgram]) {
    await build(log).catch((error: unknown) => log(String(error)))
  }
}
