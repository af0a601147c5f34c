/**
 * Subject: the round trips that a first record cannot do without, one after the other on one bare
 * socket: TCP, ApiVersions, Metadata, InitProducerId, Produce.
 */
import { encodeRequestFrame } from '../../src/network/connection/request-frame.js'
import type { Api } from '../../src/protocol/api.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { RawConnection } from '../support/raw-connection.js'
import { checkProduced, fillBatch, frameBatch } from '../support/ready-requests.js'
import { RecordSource } from '../support/record-source.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

async function run(task: SubjectTask): Promise<SubjectReport> {
  const source = new RecordSource(task)
  const stop = startMeter()
  const startedMs = performance.now()
  const connection = await RawConnection.open(task.brokers[0] ?? '')
  await connection.exchange(
    frame(apiVersions, 3, { clientSoftwareName: 'bare', clientSoftwareVersion: '0' }),
  )
  await connection.exchange(
    frame(metadata, 9, {
      topics: [{ name: task.topic, topicId: ZERO_UUID }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }),
  )
  await connection.exchange(
    frame(initProducerId, 3, {
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1n,
      producerEpoch: -1,
    }),
  )
  const batch = fillBatch(source, 0, task.valueBytes + 100) // room for one
  checkProduced(await connection.exchange(frameBatch(task, 0, batch)))
  const figures = { importMs: 0, firstAckMs: performance.now() - startedMs }
  const cost = stop()
  connection.close()
  const records = batch.recordCount
  const counts = { records, totalRecords: records }
  return { version: '-', runtime: NODE_RUNTIME, ...counts, ...cost, figures }
}

function frame<Request, Response>(
  api: Api<Request, Response>,
  version: number,
  request: Request,
): Buffer {
  return encodeRequestFrame(api, request, { version, correlationId: 1, clientId: 'bare' })
}

runSubject(run)
