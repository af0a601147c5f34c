/**
 * Subject: how long until the first record is acknowledged, from importing Ottla on. No code
 * of src/ may be imported above the measured line.
 */
import type * as Ottla from '../../src/index.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'
import { readValues } from '../support/values.js'

/** What users import: one file, which `npm run build` makes. */
const PACKAGE = new URL('../../../dist/index.js', import.meta.url).href

async function run({ brokers, topic, valuesFile, settings }: SubjectTask): Promise<SubjectReport> {
  const value = readValues(valuesFile)[0] ?? ''
  const { acks, idempotence } = settings
  const stop = startMeter()
  const startedMs = performance.now()
  const { Producer, VERSION } = (await import(PACKAGE)) as typeof Ottla
  const importedMs = performance.now()
  const producer = new Producer({ brokers, acks, idempotence })
  await producer.send({ topic, value })
  const ackedMs = performance.now()
  const cost = stop()
  await producer.close()
  const figures = { importMs: importedMs - startedMs, firstAckMs: ackedMs - importedMs }
  return { version: VERSION, runtime: NODE_RUNTIME, records: 1, totalRecords: 1, ...cost, figures }
}

runSubject(run)
