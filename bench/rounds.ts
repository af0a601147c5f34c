/**
 * Measures groups: every subject in turn, several rounds, each round beginning with another subject,
 * so that a slow minute of the machine meets all of them alike.
 *
 *   round 1:  wire | enqueue | send       round 2:  enqueue | send | wire       …
 *
 * Neighbours: cases/ say what; task.ts fills in the rest; run-subject.ts runs one; run-bench.ts prints.
 */
import type { Kafka } from '../test/broker/kafka.js'
import type { Group, Subject } from './cases/case.js'
import type { SubjectReport, SubjectTask } from './contract.js'
import type { Sizes } from './options.js'
import type { Measured } from './report/columns.js'
import { makeTopic } from './support/make-topic.js'
import { runSubject } from './support/run-subject.js'
import { startTally } from './support/tally.js'
import { trafficFigures } from './support/way/traffic.js'
import type { Way } from './support/way/way.js'
import { makeTask } from './task.js'

/** A subject that has not come back after its phase and this long is killed. */
const GRACE_MS = 90_000

/** Where subjects are measured. */
export interface Place {
  readonly kafka: Kafka
  /** The long way to it, which is all that subjects then see. */
  readonly way?: Way
  /** Its listener for TLS. */
  readonly secured?: Door
}

/** Where a client comes in by TLS. */
export interface Door {
  readonly bootstrap: readonly string[]
  /** PEM of the authority to trust. */
  readonly caFile: string
}

interface Row {
  readonly subject: Subject
  readonly task: SubjectTask
  readonly samples: SubjectReport[]
  hasFailed: boolean
}

/**
 * Measures a group. A subject that fails is told of and left out. `topics`, by their partitions, are
 * used if they are there already: thousands of partitions take a broker a minute.
 */
export async function measureGroup(
  place: Place,
  group: Group,
  options: Sizes,
  log: (line: string) => void,
  topics = new Map<number, string>(),
): Promise<Measured[]> {
  const rows = await makeRows(place, group, options, topics)
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < rows.length; turn++) {
      const row = rows[(round + turn) % rows.length]
      if (row === undefined || row.hasFailed) continue
      log(`${group.title}: round ${round + 1} of ${options.rounds}, ${row.subject.name}`)
      await addSample(place, row, log)
    }
  }
  return rows
    .filter((row) => !row.hasFailed)
    .map(({ subject, task, samples }) => ({ subject: subject.name, task, samples }))
}

/** Each subject with a topic of the partitions that it asks for. */
async function makeRows(
  place: Place,
  group: Group,
  options: Sizes,
  topics: Map<number, string>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const subject of group.subjects) {
    const task = makeTask(group, subject, options)
    let topic = topics.get(task.partitions)
    if (topic === undefined) {
      topic = `bench-${process.pid}-${Date.now()}-${task.partitions}`
      await makeTopic(place.kafka, topic, task.partitions, task.recordsPerTransaction > 0)
      topics.set(task.partitions, topic)
    }
    const { bootstrap, caFile } = doorOf(place, subject)
    const whole = { ...task, brokers: bootstrap, caFile, topic }
    rows.push({ subject, task: whole, samples: [], hasFailed: false })
  }
  return rows
}

function doorOf({ kafka, way, secured }: Place, { name, isOverTls }: Subject): Door {
  if (isOverTls !== true) return { bootstrap: (way ?? kafka).bootstrap, caFile: '' }
  if (secured === undefined)
    throw new Error(`${name}: its case is not measured on a secured broker`)
  return secured
}

async function addSample(
  { kafka, way }: Place,
  row: Row,
  log: (line: string) => void,
): Promise<void> {
  const { subject, task, samples } = row
  try {
    const tally = await startTally(kafka, task)
    await way?.takeTraffic(0) // what another left
    const report = await runSubject(subject.program, task, timeoutMs(task))
    const traffic = await way?.takeTraffic(Math.min(task.maxSeconds, report.seconds))
    checkCount(report, await tally())
    samples.push(traffic === undefined ? report : { ...report, figures: { ...report.figures, ...trafficFigures(traffic, report.records) } }) // prettier-ignore
  } catch (error) {
    row.hasFailed = true
    log(`${subject.name} failed: ${(error as Error).message}`)
  }
}

function timeoutMs({ warmupSeconds, maxSeconds }: SubjectTask): number {
  return (warmupSeconds + maxSeconds) * 1000 + GRACE_MS
}

function checkCount({ totalRecords }: SubjectReport, gained: number): void {
  if (totalRecords === null || totalRecords === gained) return
  throw new Error(
    `it reports ${totalRecords} records, and the topic has ${gained} more than before`,
  )
}
