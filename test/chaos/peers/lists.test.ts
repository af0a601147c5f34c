import t from 'tap'
import { listFeed, type SendList } from './lists.js'
import type { ChaosTask, DueRecord, Feed, Outcomes } from './program.js'

const TASK: ChaosTask = {
  bootstrap: [],
  topic: 'topic',
  partitions: 2,
  recordsPerSecond: 1_000,
  durationMs: 1_000,
  valueBytes: 250_000, // two of them fill a list
  deliveryTimeoutMs: 1_000,
  idempotence: true,
  outputFile: '',
}

interface Call {
  readonly partition: number
  readonly numbers: readonly number[]
  readonly resolve: (offset: bigint | number) => void
  readonly reject: (error: Error) => void
}

/** A feed into a peer whose calls are answered by hand. */
function feedByHand(settings: ChaosTask['settings'] = {}): {
  feed: Feed
  calls: Call[]
  told: string[]
} {
  const calls: Call[] = []
  const told: string[] = []
  const outcomes: Outcomes = {
    acked: ({ number }, offset) => told.push(`${number} ok ${offset}`),
    failed: ({ number }, error) => told.push(`${number} ${(error as Error).message}`),
  }
  const send: SendList = (partition, records) =>
    new Promise((resolve, reject) => {
      calls.push({ partition, numbers: records.map(({ number }) => number), resolve, reject })
    })
  return { feed: listFeed({ ...TASK, settings }, outcomes, send), calls, told }
}

function records(...numbers: number[]): DueRecord[] {
  return numbers.map((number) => ({ number, partition: number % 2, value: '', dueMs: 0 }))
}

function numbersOf(calls: readonly Call[]): (readonly number[])[] {
  return calls.map(({ numbers }) => numbers)
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('makes a call for each partition, none larger than a request may be', async (t) => {
  const { feed, calls } = feedByHand()
  feed.hand(records(0, 1, 2, 3, 4))
  t.strictSame(numbersOf(calls), [[0, 2], [4], [1, 3]])
  feed.hand(records(5))
  t.strictSame(calls.at(-1)?.numbers, [5], 'whatever became of the others')
})

t.test('tells the offset of each record, counted from the first', async (t) => {
  const { feed, calls, told } = feedByHand()
  feed.hand(records(0, 2))
  calls[0]?.resolve(2n ** 60n)
  await turn()
  t.strictSame(told, [`0 ok ${2n ** 60n}`, `2 ok ${2n ** 60n + 1n}`])
})

t.test(
  'an offset that is not told stays so, and a call that fails has failed for each',
  async (t) => {
    const { feed, calls, told } = feedByHand()
    feed.hand(records(0, 2, 1, 3))
    calls[0]?.resolve(-1)
    calls[1]?.reject(new Error('down'))
    await turn()
    t.strictSame(told, ['0 ok -1', '2 ok -1', '1 down', '3 down'])
  },
)

t.test('the careful caller waits for a partition, and not for the others', async (t) => {
  const { feed, calls } = feedByHand({ awaitEachPartition: true })
  feed.hand(records(0))
  feed.hand(records(2, 4, 6, 1))
  t.strictSame(numbersOf(calls), [[0], [1]])
  calls[0]?.reject(new Error('down'))
  await turn()
  t.strictSame(numbersOf(calls), [[0], [1], [2, 4]])
  calls[2]?.resolve(0)
  await turn()
  t.strictSame(calls.at(-1)?.numbers, [6])
})
