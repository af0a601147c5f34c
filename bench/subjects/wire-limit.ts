/**
 * Subject: what the wire can carry. Produce requests that were made beforehand go down one raw
 * socket to each broker, `maxInFlight` at a time, each answered with success before the next takes
 * its place; per request there is one write, one frame read and one answer decoded. No client can do
 * less.
 *
 * A request carries one batch of `batchSizeBytes`, the partitions in turn. Without producer id:
 * the same bytes are sent again and again, and the broker would take them for duplicates.
 *
 * Neighbours: support/raw-connection.ts is the socket, support/ready-requests.ts the requests.
 */
import { askAnyMetadata } from '../../test/broker/admin.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { RawConnection } from '../support/raw-connection.js'
import { checkProduced, makeRequests, type ReadyRequest } from '../support/ready-requests.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

/** A broker's socket, and the requests for the partitions that it leads. */
interface Lane {
  readonly connection: RawConnection
  readonly requests: readonly ReadyRequest[]
}

async function run(task: SubjectTask): Promise<SubjectReport> {
  const lanes = await openLanes(task)
  const warmup = await replayAll(lanes, task, task.warmupRecords)
  const stop = startMeter()
  const records = await replayAll(lanes, task, task.records)
  const cost = stop()
  for (const { connection } of lanes) connection.close()
  return { version: '-', runtime: NODE_RUNTIME, records, totalRecords: warmup + records, ...cost }
}

async function openLanes(task: SubjectTask): Promise<Lane[]> {
  const requests = makeRequests(task)
  const { brokers, topics } = await askAnyMetadata(task.brokers, [task.topic])
  const leaders = new Map(topics[0]?.partitions.map((it) => [it.partitionIndex, it.leaderId]))
  const lanes: Lane[] = []
  for (const { nodeId, host, port } of brokers) {
    const led = requests.filter(({ partition }) => leaders.get(partition) === nodeId)
    if (led.length === 0) continue
    lanes.push({ connection: await RawConnection.open(`${host}:${port}`), requests: led })
  }
  return lanes
}

/** Each broker gets its share of the records; resolves with the records acknowledged. */
async function replayAll(
  lanes: readonly Lane[],
  task: SubjectTask,
  recordLimit: number,
): Promise<number> {
  const share = Math.ceil(recordLimit / lanes.length)
  const counts = await Promise.all(lanes.map((lane) => replay(lane, task, share)))
  return counts.reduce((sum, records) => sum + records, 0)
}

/** Sends until the records are out or the time is over. */
function replay(
  { connection, requests }: Lane,
  { settings, maxSeconds }: SubjectTask,
  recordLimit: number,
): Promise<number> {
  const deadlineMs = performance.now() + maxSeconds * 1000
  let next = 0
  let sentRecords = 0
  let inFlight = 0
  return new Promise((resolve, reject) => {
    const sendMore = (): void => {
      const isOver = sentRecords >= recordLimit || performance.now() >= deadlineMs
      if (isOver && inFlight === 0) resolve(sentRecords)
      while (!isOver && inFlight < settings.maxInFlight && sentRecords < recordLimit) {
        const request = requests[next++ % requests.length] as ReadyRequest // never empty
        sentRecords += request.records
        inFlight++
        connection.send(request.frame, onAnswer, reject)
      }
    }
    const onAnswer = (frame: Buffer): void => {
      checkProduced(frame)
      inFlight--
      sendMore()
    }
    sendMore()
  })
}

runSubject(run)
