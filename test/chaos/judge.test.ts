import t from 'tap'
import { isSound, judge, parseOutput, type Stored, type SubjectRun } from './judge.js'

/** Records 0 to `count` - 1 of two partitions, each acknowledged 10 ms after it was due, and stored. */
function soundRun(count = 8): SubjectRun {
  const numbers = Array.from({ length: count }, (_, number) => number)
  const offsetOf = (number: number): bigint => BigInt(Math.floor(number / 2))
  return {
    sent: count,
    partitions: 2,
    startedMs: 1000,
    settled: parseOutput(
      numbers
        .map((n) => `${n} ${1000 + n * 10} ${1010 + n * 10} ok ${n % 2} ${offsetOf(n)}\n`)
        .join(''),
    ),
    stored: numbers.map((number) => ({ number, partition: number % 2, offset: offsetOf(number) })),
    unserved: [[], []],
  }
}

const without = (stored: readonly Stored[], number: number): Stored[] =>
  stored.filter((record) => record.number !== number)

t.test('a sound run is sound', async (t) => {
  const verdict = judge(soundRun())
  t.match(verdict, { acked: 8, lost: 0, doubled: 0, outOfOrder: 0, lied: 0, open: 0, p50Ms: 10 })
  t.equal(isSound(verdict), true)
  t.equal(verdict.longestStallMs, 20)
  t.equal(verdict.ownRecoveryMs, null)
})

const run = soundRun()
const replaced = (line: string): SubjectRun['settled'] => [
  ...run.settled.filter(({ number }) => number !== 3),
  ...parseOutput(line),
]
const third = run.stored[3] as Stored

const CRIMES: readonly [name: string, counted: Record<string, number>, change: Partial<SubjectRun>][] = [
  ['lost', { lost: 1 }, { stored: without(run.stored, 3) }],
  ['doubled', { doubled: 1 }, { stored: [...run.stored, { ...third, offset: 9n }] }],
  ['out of order', { outOfOrder: 1 }, { stored: [...without(run.stored, 3), third] }],
  ['misplaced', { misplaced: 1 }, { settled: replaced('3 1030 1040 ok 1 7\n') }],
  ['another partition', { misplaced: 1 }, { settled: replaced('3 1030 1040 ok 0 1\n') }],
  ['lied', { lied: 1 }, { settled: replaced('3 1030 1040 failed not-written TIMEOUT x\n') }],
  ['refused, and stored', { lied: 1 }, { settled: replaced('3 1030 1040 failed rejected NO x\n') }],
  ['open', { open: 1 }, { settled: run.settled.slice(1) }],
  ['told twice', { toldTwice: 1 }, { settled: [...run.settled, ...run.settled.slice(0, 1)] }],
] // prettier-ignore

for (const [name, counted, change] of CRIMES) {
  t.test(`it sees a record that is ${name}`, async (t) => {
    const verdict = judge({ ...run, ...change })
    t.match(verdict, counted)
    t.equal(isSound(verdict), false)
  })
}

t.test('unknown may be stored or not, and an offset that is not told is none', async (t) => {
  const settled = replaced('3 1030 1040 failed unknown ERR_X lost answer\n')
  t.equal(isSound(judge({ ...run, settled })), true)
  t.equal(isSound(judge({ ...run, settled, stored: without(run.stored, 3) })), true)
  t.strictSame(judge({ ...run, settled }).failed, { 'unknown ERR_X lost answer': 1 })
  t.equal(isSound(judge({ ...run, settled: replaced('3 1030 1040 ok 1 -1\n') })), true)
})

t.test('own recovery counts from the end of the time without service', async (t) => {
  const settled = [
    ...run.settled.filter(({ number }) => number < 4),
    ...parseOutput(
      '4 1040 2100 ok 0 2\n5 1050 1900 ok 1 2\n6 1060 2150 ok 0 3\n7 1070 2160 ok 1 3\n',
    ),
  ]
  const span = { fromMs: 1035, servedMs: 1980, takenMs: 2000 }
  const unserved: SubjectRun['unserved'] = [[span], [span]]
  const verdict = judge({ ...run, settled, unserved })
  t.equal(verdict.servedToAckMs, 120)
  t.equal(verdict.ownRecoveryMs, 100)
  t.equal(verdict.longestStallMs, 2100 - 1030)
})

t.test('own recovery is interrupted by the next time without service', async (t) => {
  const settled = [
    ...run.settled.filter(({ number }) => number < 4),
    ...parseOutput('4 1040 9000 ok 0 2\n6 1060 9000 ok 0 3\n'),
  ]
  const spans = [
    { fromMs: 1035, servedMs: 1980, takenMs: 2000 },
    { fromMs: 2100, servedMs: 8800, takenMs: 8850 },
  ]
  const verdict = judge({ ...run, settled, unserved: [spans, []] })
  t.equal(verdict.ownRecoveryMs, 100 + 150)
})

t.test('who acknowledges nothing more has not recovered', async (t) => {
  const settled = [
    ...run.settled.filter(({ number }) => number < 4),
    ...parseOutput('4 1040 5000 failed not-written GONE x\n'),
  ]
  const span = { fromMs: 1035, servedMs: 1980, takenMs: 2000 }
  const verdict = judge({ ...run, settled, unserved: [[span], []] })
  t.equal(verdict.ownRecoveryMs, 3000)
})

t.test('it sees a transaction that is visible by halves', async (t) => {
  const inTransactions = { ...run, recordsPerTransaction: 4 }
  t.match(judge(inTransactions), { halfVisible: 0 })
  const aborted = run.settled.map((it) => (it.number < 4 ? { ...it, outcome: 'unknown' } : it))
  const settled = aborted as SubjectRun['settled']
  const none = run.stored.filter(({ number }) => number >= 4)
  t.equal(isSound(judge({ ...inTransactions, settled, stored: none })), true)
  const half = judge({ ...inTransactions, settled, stored: without(run.stored, 3) })
  t.match(half, { halfVisible: 1, lost: 0 })
  t.equal(isSound(half), false)
  t.notOk('halfVisible' in judge(run), 'without transactions there is nothing to see')
})
