/**
 * Subject: Ottla over a long run, with its heap looked at all along: flat means no leak.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { OttlaClient } from '../support/ottla-client.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'

const SAMPLE_EVERY_MS = 100
const SHARE = 0.1

async function run(task: SubjectTask): Promise<SubjectReport> {
  const heapBytes: number[] = []
  const timer = setInterval(() => heapBytes.push(process.memoryUsage().heapUsed), SAMPLE_EVERY_MS)
  const report = await runWorkload(task, new OttlaClient(task))
  clearInterval(timer)
  const length = Math.max(1, Math.floor(heapBytes.length * SHARE))
  return {
    ...report,
    figures: {
      heapEarlyMB: mean(heapBytes.slice(0, length)) / 1e6,
      heapLateMB: mean(heapBytes.slice(-length)) / 1e6,
    },
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

runSubject(run)
