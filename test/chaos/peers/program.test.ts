import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { waitUntil } from '../../broker/wait.js'

const RECORDS_PER_SECOND = 2_000

interface FakePeer {
  readonly child: ChildProcessWithoutNullStreams
  readonly lines: AsyncIterator<string>
  readonly outputFile: string
}

/** Starts the fake peer with a task of that length. */
function startFakePeer(folder: string, durationMs: number): FakePeer {
  const outputFile = join(folder, 'outcomes')
  const configFile = join(folder, 'task.json')
  const task = {
    bootstrap: [],
    topic: 'topic',
    partitions: 6,
    recordsPerSecond: RECORDS_PER_SECOND,
    durationMs,
    valueBytes: 100,
    deliveryTimeoutMs: 1_000,
    idempotence: true,
    outputFile,
  }
  writeFileSync(configFile, JSON.stringify(task))
  writeFileSync(outputFile, '')
  const program = new URL('fake-peer.js', import.meta.url).pathname
  const child = spawn(process.execPath, [program, configFile])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, lines, outputFile }
}

const next = async ({ lines }: FakePeer): Promise<string> => (await lines.next()).value as string

async function nextMillisecond(): Promise<number> {
  const nowMs = Date.now()
  await waitUntil(async () => Date.now() > nowMs, { what: 'the clock to go on', timeoutMs: 30_000 })
  return Date.now()
}

t.test('sends each record once, when it is due, and tells each outcome', async (t) => {
  const peer = startFakePeer(t.testdir(), 250)
  const ended = once(peer.child, 'exit')
  t.equal(await next(peer), 'ready')
  const toldMs = await nextMillisecond() // else a start with `ready` would look like one with `go`
  peer.child.stdin.write('go\n')
  t.equal(await next(peer), 'done')
  t.strictSame(await ended, [0, null])

  const outcomes = readFileSync(peer.outputFile, 'utf8').trim().split('\n')
  const fields = outcomes.map((line) => line.split(' '))
  t.strictSame(
    fields.map(([number]) => Number(number)),
    Array.from({ length: 500 }, (_, number) => number),
  )
  t.match(outcomes[3], /^3 \d+ \d+ failed - Error not this one$/)
  t.match(outcomes[14], /^14 \d+ \d+ ok 2 28$/)
  const startMs = Number(fields[0]?.[1])
  t.ok(startMs >= toldMs, 'nothing is sent before it is told to')
  const gapsMs = fields.map(([number, dueMs]) => {
    return Number(dueMs) - startMs - Math.floor((Number(number) * 1_000) / RECORDS_PER_SECOND)
  })
  t.ok(gapsMs.every((gapMs) => gapMs === 0), 'due by the schedule, not by the clock') // prettier-ignore
  t.ok(fields.every(([, dueMs, settledMs]) => Number(settledMs) >= Number(dueMs))) // prettier-ignore
})

t.test('ends at once when its stdin ends', async (t) => {
  const peer = startFakePeer(t.testdir(), 600_000)
  const ended = once(peer.child, 'exit')
  await next(peer)
  peer.child.stdin.write('go\n')
  await waitUntil(() => Promise.resolve(readFileSync(peer.outputFile, 'utf8') !== ''), {
    what: 'the first outcomes',
    timeoutMs: 30_000,
  })
  peer.child.stdin.end()
  t.strictSame(await ended, [1, null])
})
