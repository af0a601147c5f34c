import t from 'tap'
import { BatchWaiters, type CallbackRunner } from '../../../src/producer/batching/batch-waiters.js'
import {
  BatchRecordMetadata,
  type RecordMetadata,
} from '../../../src/producer/batching/record-metadata.js'

const run: CallbackRunner = (callback, error, metadata) => callback(error, metadata)

const metadataOf = (index: number): RecordMetadata =>
  new BatchRecordMetadata(
    { topic: 't', partition: 0, baseOffset: 100n, logAppendTimeMs: -1, timestampRuns: [0, 5] },
    index,
  )

/** Records in order: `p` promised, `c` and `d` two callbacks, `r` a promise of its own, `.` nobody. */
function waitersOf(pattern: string): { waiters: BatchWaiters; told: Promise<string[]> } {
  const waiters = new BatchWaiters()
  const told: Promise<string>[] = []
  const callback = (name: string) => {
    const waiting: ((what: string) => void)[] = []
    return {
      wait: () => told.push(new Promise((resolve) => waiting.push(resolve))),
      call: (error: Error | null, metadata: RecordMetadata | null) =>
        waiting.shift()?.(`${name} ${error?.message ?? String(metadata?.offset)}`),
    }
  }
  const callbacks = { c: callback('c'), d: callback('d') }
  for (const [index, kind] of Array.from(pattern).entries()) {
    if (kind === 'p' || kind === 'r') {
      const record = new Promise<RecordMetadata>((resolve) => {
        waiters.add(index, null, kind === 'r' ? resolve : null)
        if (kind === 'p') resolve(waiters.promise(index))
      })
      const settled = record.then(
        ({ offset }) => `${kind} ${String(offset)}`,
        (error: unknown) => `${kind} ${(error as Error).message}`,
      )
      told.push(settled)
    } else if (kind === 'c' || kind === 'd') {
      callbacks[kind].wait()
      waiters.add(index, callbacks[kind].call, null)
    } else {
      waiters.add(index, null, null)
    }
  }
  return { waiters, told: Promise.all(told) }
}

const PATTERNS = [
  'p',
  'ppp',
  'ccc',
  'cdc',
  '..p.pp',
  'p.cp',
  'cccp',
  'pppc',
  'rpcdr.p',
  '.c',
  '....',
]

for (const pattern of PATTERNS) {
  const heard = Array.from(pattern).flatMap((kind, index) =>
    kind === '.' ? [] : [`${kind} ${100 + index}`],
  )
  t.test(`everybody of "${pattern}" is told of the own record, once`, async (t) => {
    const { waiters, told } = waitersOf(pattern)
    t.equal(waiters.heardCount, pattern.replaceAll('.', '').length)
    waiters.acknowledge(pattern.length, metadataOf, run)
    t.strictSame(await told, heard)
  })
}

for (const pattern of PATTERNS) {
  t.test(`everybody of "${pattern}" hears of the own failure`, async (t) => {
    const { waiters, told } = waitersOf(pattern)
    let open = true
    const errorOf = (index: number): Error => new Error(open ? `failed ${index}` : 'asked too late')
    waiters.fail(pattern.length, errorOf, run)
    open = false
    const expected = Array.from(pattern).flatMap((kind, index) =>
      kind === '.' ? [] : [`${kind} failed ${index}`],
    )
    t.strictSame(await told, expected)
  })
}

t.test('who is handed over is told by whoever takes over', async (t) => {
  const { waiters, told } = waitersOf('pcr.pd')
  const handed = waiters.handOver(6)
  handed.forEach(({ callback, resolve }, index) => {
    callback?.(null, metadataOf(index + 1000))
    resolve?.(metadataOf(index + 1000))
  })
  t.strictSame(await told, ['p 1100', 'c 1101', 'r 1102', 'p 1104', 'd 1105'])
})
