/**
 * The bench's case `transactions`: what its options ask for, how a client is driven, and what its tables
 * show. What is counted is in tally.broker.test.ts.
 */
import t from 'tap'
import { transactionGroups, transactions } from '../../bench/cases/transactions.js'
import type { SubjectReport } from '../../bench/contract.js'
import { parseBenchOptions, UsageError } from '../../bench/options.js'
import type { Measured } from '../../bench/report/columns.js'
import type { GroupResult } from '../../bench/report/results.js'
import {
  transactionsSection,
  transactionsTable,
  worstTransactionRatio,
} from '../../bench/report/transactions.js'
import {
  runTransactions,
  type TransactionalClient,
} from '../../bench/support/transaction-workload.js'
import { makeTask } from '../../bench/task.js'

const optionsOf = (...argv: readonly string[]) => parseBenchOptions(argv, 'throughput')

function mistakeIn(...argv: readonly string[]): unknown {
  try {
    return optionsOf(...argv)
  } catch (error) {
    return error
  }
}

t.test('the levels and sizes of the command line are read', async (t) => {
  const options = optionsOf('transactions', '--transaction-versions', '2', '--transaction-records', '1,10') // prettier-ignore
  t.match(options, { transactionVersions: [2], transactionRecords: [1, 10] })
  t.match(optionsOf(), { transactionVersions: undefined, transactionRecords: undefined })
})

for (const [name, text] of [
  ['--transaction-records', '0'],
  ['--transaction-records', '10,1.5'],
  ['--transaction-records', ''],
  ['--transaction-versions', '1,3'],
  ['--transaction-versions', 'two'],
] as const) {
  t.test(`${name} "${text}" is refused, and named`, async (t) => {
    const error = mistakeIn(name, text)
    t.ok(error instanceof UsageError)
    t.match(error, { message: new RegExp(name) })
  })
}

t.test('a group for each level and size, all levels apart', async (t) => {
  const cells = transactionGroups({}).map(({ transactionVersion, task }) => {
    return [transactionVersion, task.recordsPerTransaction]
  })
  t.strictSame(cells, [[1, 10], [1, 1_000], [1, 100_000], [2, 10], [2, 1_000], [2, 100_000]]) // prettier-ignore
  const asked = transactionGroups({ transactionVersions: [2], transactionRecords: [5] })
  t.match(asked, [{ title: 'transaction.version 2, 5 records a transaction' }])
  t.equal(new Set(transactions.groups.map(({ title }) => title)).size, cells.length)
})

t.test('every subject has the same work, bounded, without a warm-up outside of it', async (t) => {
  const [group] = transactionGroups({})
  if (group === undefined) throw new Error('there are groups')
  for (const subject of group.subjects) {
    const task = makeTask(group, subject, {})
    t.match(task, { recordsPerTransaction: 10, busyPartitions: 6, warmupRecords: 0 }, subject.name)
    t.ok(Number.isFinite(task.records))
  }
})

/** A client in memory: says what was done, and lets a commit wait. */
class FakeClient implements TransactionalClient {
  readonly version = 'fake'
  readonly steps: string[] = []
  #begun = 0
  readonly #onCommit: (number: number) => Promise<void>

  constructor(onCommit: (number: number) => Promise<void>) {
    this.#onCommit = onCommit
  }

  async begin() {
    const number = ++this.#begun
    this.steps.push(`begin ${number}`)
    return {
      hand: async (from: number, to: number) => void this.steps.push(`${from} to ${to}`),
      commit: async () => {
        await this.#onCommit(number)
        this.steps.push(`committed ${number}`)
      },
    }
  }

  async close(): Promise<void> {
    this.steps.push('close')
  }
}

function taskOf(
  changes: { readonly records: number; readonly overlapsCommits: boolean },
  recordsPerTransaction = 10,
) {
  const [group] = transactionGroups({ transactionRecords: [recordsPerTransaction] })
  const [subject] = group?.subjects ?? []
  if (group === undefined || subject === undefined) throw new Error('there are subjects')
  return { ...makeTask(group, subject, {}), warmupSeconds: 0, maxSeconds: 600, ...changes }
}

const soon = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

t.test('one transaction is committed before the next begins, the last one whole', async (t) => {
  const client = new FakeClient(soon)
  const report = await runTransactions(taskOf({ records: 15, overlapsCommits: false }), client)
  t.strictSame(client.steps, [
    ...['begin 1', '0 to 10', 'committed 1'],
    ...['begin 2', '10 to 20', 'committed 2', 'close'],
  ])
  t.match(report, { records: 20, totalRecords: 20, figures: { transactions: 2 } })
  t.ok((report.latencyMs?.p50 ?? NaN) >= 0)
})

t.test(
  'overlapped, the next begins before the last is committed; all are in the end',
  async (t) => {
    const client = new FakeClient(soon)
    const report = await runTransactions(taskOf({ records: 30, overlapsCommits: true }), client)
    t.ok(client.steps.indexOf('begin 2') < client.steps.indexOf('committed 1'))
    t.equal(client.steps.filter((step) => step.startsWith('committed')).length, 3)
    t.equal(client.steps.at(-1), 'close')
    t.match(report, { records: 30, figures: { transactions: 3 } })
  },
)

t.test(
  'a large transaction is handed over in slices, the event loop turning between',
  async (t) => {
    const client = new FakeClient(soon)
    let turns = 0
    const turn = (): void => void (client.steps.push('turn'), ++turns < 10 && setImmediate(turn))
    setImmediate(turn)
    await runTransactions(taskOf({ records: 1, overlapsCommits: false }, 4_500), client)
    const handed = client.steps.filter((step) => step.includes(' to '))
    t.strictSame(handed, ['0 to 2000', '2000 to 4000', '4000 to 4500'])
    const [first = NaN, second = NaN, third = NaN] = handed.map((step) =>
      client.steps.indexOf(step),
    )
    t.ok(client.steps.slice(first, second).includes('turn'))
    t.ok(client.steps.slice(second, third).includes('turn'))
  },
)

for (const overlapsCommits of [false, true]) {
  const how = overlapsCommits ? 'overlapped' : 'one after the other'
  t.test(`a commit that fails, fails the run, ${how}`, async (t) => {
    const client = new FakeClient((number) => {
      return number === 1 ? Promise.reject(new Error('aborted')) : soon()
    })
    await t.rejects(runTransactions(taskOf({ records: 50, overlapsCommits }), client), /aborted/)
  })
}

/** A row by its records a second in each round. */
function row(subject: string, ...speeds: readonly number[]): Measured {
  const samples = speeds.map((records) => ({
    records,
    seconds: 1,
    cpuMicros: records,
    rssBytes: 1e6,
    latencyMs: { p50: 1, p99: 2, p999: 3, max: 4 },
    figures: { transactions: records / 10 },
  }))
  const task = { recordsPerTransaction: 10 } as Measured['task']
  return { subject, task, samples: samples as unknown as SubjectReport[] }
}

const cell = (transactionVersion: number, ...measured: readonly Measured[]): GroupResult => {
  return { title: `level ${transactionVersion}`, transactionVersion, measured }
}

const GROUPS: readonly GroupResult[] = [
  cell(1, row('ottla enqueue', 300, 800), row('java', 200, 400), row('franz-go', 100, 1_600)),
  cell(1, row('ottla enqueue', 90), row('java', 100), row('franz-go', 50)),
  cell(2, row('ottla enqueue', 90)),
  cell(2),
]

t.test('Ottla is held against the better of the others, round by round', async (t) => {
  // 300 / 200 and 800 / 1600, and then the median
  t.equal(worstTransactionRatio(1, GROUPS.slice(0, 1)), 1)
  t.equal(worstTransactionRatio(1, GROUPS), 0.9, 'the worst size')
  t.equal(worstTransactionRatio(2, GROUPS), undefined, 'without others')
})

t.test('a table for each level has every row', async (t) => {
  const section = transactionsSection(GROUPS)
  t.match(section, /\*\*transaction\.version 1\*\*[^]*\*\*transaction\.version 2\*\*/)
  const rows = section.split('\n').filter((line) => /ottla|java|franz-go/.test(line))
  t.equal(rows.length, 7)
  t.match(rows[0], /\| 10 +\| ottla enqueue +\| 55 ± .*\| 550 ± .*\| 1\.00 +\|/)
  t.match(rows[1], /java .*\| - +\|/, 'only Ottla is compared')
})

t.test('the short table has a row for each cell that was measured', async (t) => {
  const lines = transactionsTable(GROUPS).split('\n')
  const rows = lines.filter((line) => /^\| [12] /.test(line))
  t.equal(rows.length, 3)
  t.match(rows[0], /55 \/ 30 \/ 85 +\| 550 \/ 300 \/ 850 +\| 1\.00/)
  t.match(rows[1], /\*\*0\.90\*\*/, 'what is not reached is bold')
  t.match(rows[2], /9 \/ - \/ -/)
})
