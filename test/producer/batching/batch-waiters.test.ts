import t from 'tap'
import { BatchWaiters, type CallbackRunner } from '../../../src/producer/batching/batch-waiters.js'
import type { RecordGroup } from '../../../src/producer/records/record-group.js'
import { BatchRecordMetadata } from '../../../src/producer/batching/record-metadata.js'
import type { RecordMetadata } from '../../../src/record-metadata.js'

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

/** Who stands at which place of two groups, in the order of a batch's records; '.' is nobody. */
const GROUPED: readonly (readonly [pattern: string, expected: readonly string[]])[] = [
  ['a0 a1 a2', ['a0 100', 'a1 101', 'a2 102']],
  ['. a0 . a1 a2', ['a0 101', 'a1 103', 'a2 104']],
  ['a5 a1 a2 a9', ['a5 100', 'a1 101', 'a2 102', 'a9 103']],
  ['a0 b0 a1 b1 b2 a2', ['b0 101', 'b1 103', 'b2 104', 'a0 100', 'a1 102', 'a2 105']],
  ['a7 a8 b0 a9', ['b0 102', 'a7 100', 'a8 101', 'a9 103']],
]

function groupsOf(pattern: string): { waiters: BatchWaiters; told: string[]; count: number } {
  const waiters = new BatchWaiters()
  const told: string[] = []
  const groupCalled = (name: string) => {
    const acknowledged = (place: number, { offset }: RecordMetadata): void =>
      void told.push(`${name}${place} ${String(offset)}`)
    const failed = (place: number, { message }: Error): void =>
      void told.push(`${name}${place} ${message}`)
    const callbackFor = (place: number) => (error: Error | null, it: RecordMetadata | null) =>
      error === null ? acknowledged(place, it as RecordMetadata) : failed(place, error)
    return { acknowledged, failed, callbackFor } as unknown as RecordGroup
  }
  const groups = new Map(['a', 'b'].map((name) => [name, groupCalled(name)]))
  const records = pattern.split(' ')
  for (const [index, record] of records.entries()) {
    waiters.add(index, null, null)
    const group = groups.get(record.charAt(0))
    if (group !== undefined) waiters.join(group, Number(record.slice(1)), index)
  }
  return { waiters, told, count: records.length }
}

for (const [pattern, expected] of GROUPED) {
  t.test(`groups whose records are "${pattern}" are told of each, at its place`, async (t) => {
    const acked = groupsOf(pattern)
    t.equal(acked.waiters.heardCount, expected.length)
    acked.waiters.acknowledge(acked.count, metadataOf, run)
    t.strictSame(acked.told, expected)
    const failed = groupsOf(pattern)
    failed.waiters.fail(failed.count, (index) => new Error(String(100 + index)), run)
    t.strictSame(failed.told, expected)
    const split = groupsOf(pattern)
    const handed = split.waiters.handOver(split.count)
    handed.forEach(({ callback }, index) => callback?.(null, metadataOf(index)))
    t.strictSame(split.told.toSorted(), expected.toSorted())
  })
}

t.test('another group costs the same, however many have records in the batch', async (t) => {
  const COUNT = 2000
  let walked = 0
  for (const name of ['find', 'findIndex', 'findLast', 'indexOf', 'some', 'splice']) {
    const whole = Object.getOwnPropertyDescriptor(Array.prototype, name) ?? {}
    t.teardown(() => void Object.defineProperty(Array.prototype, name, whole))
    const plain = whole.value as (...args: unknown[]) => unknown
    const counted = function (this: unknown[], ...args: unknown[]): unknown {
      walked += this.length
      return plain.apply(this, args)
    }
    Object.defineProperty(Array.prototype, name, { ...whole, value: counted })
  }
  const waiters = new BatchWaiters()
  const told: number[] = []
  for (let index = 0; index < COUNT; index++) {
    const group = { acknowledged: () => told.push(index) } as unknown as RecordGroup
    waiters.add(index, null, null)
    waiters.join(group, 0, index)
  }
  t.ok(walked < 10 * COUNT, `${walked} looks at ${COUNT} groups`)
  t.equal(waiters.heardCount, COUNT)
  waiters.acknowledge(COUNT, metadataOf, run)
  t.strictSame(
    told,
    Array.from({ length: COUNT }, (_, index) => index),
  )
})
