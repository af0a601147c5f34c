/**
 * Subject: what the wire can carry. Produce requests that were made beforehand go down one raw
 * socket, `maxInFlight` at a time, each answered with success before the next takes its place; per
 * request there is one write, one frame read and one answer decoded. No client can do less.
 *
 * A request carries one batch of `batchSizeBytes`, the partitions in turn. Without producer id:
 * the same bytes are sent again and again, and the broker would take them for duplicates.
 *
 * Neighbours: support/raw-connection.ts is the socket, support/ready-requests.ts the requests.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { RawConnection } from '../support/raw-connection.js'
import { checkProduced, makeRequests, type ReadyRequest } from '../support/ready-requests.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

async function run(task: SubjectTask): Promise<SubjectReport> {
  const requests = makeRequests(task)
  const connection = await RawConnection.open(task.brokers[0] ?? '')
  const warmup = await replay(connection, requests, task, task.warmupRecords)
  const stop = startMeter()
  const records = await replay(connection, requests, task, task.records)
  const cost = stop()
  connection.close()
  return { version: '-', runtime: NODE_RUNTIME, records, totalRecords: warmup + records, ...cost }
}

/** Sends until the records are out or the time is over; resolves with the records acknowledged. */
function replay(
  connection: RawConnection,
  requests: readonly ReadyRequest[],
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
