/** Every way from one state to another, legal and not, of a producer and of a transaction. */
import t from 'tap'
import { TimeoutError } from '../../../src/errors.js'
import { TransactionRun } from '../../../src/producer/transactions/transaction-run.js'
import type { TransactionStateName } from '../../../src/producer/transactions/transaction-state.js'
import {
  TransactionState,
  type ManagerState,
} from '../../../src/producer/transactions/transaction-state.js'

/** How each state is reached from the first, and where it may go from there. */
const OF_PRODUCER: Readonly<Record<ManagerState, readonly [reach: readonly ManagerState[], next: readonly ManagerState[]]>> = {
  uninitialized: [[], ['initializing', 'fatal']],
  initializing: [['initializing'], ['ready', 'uninitialized', 'fatal']],
  ready: [['initializing', 'ready'], ['in transaction', 'initializing', 'uninitialized', 'fatal']],
  'in transaction': [['initializing', 'ready', 'in transaction'], ['flushing', 'aborting', 'uninitialized', 'fatal']],
  flushing: [['initializing', 'ready', 'in transaction', 'flushing'], ['committing', 'aborting', 'uninitialized', 'fatal']],
  committing: [
    ['initializing', 'ready', 'in transaction', 'flushing', 'committing'],
    ['ready', 'aborting', 'uninitialized', 'fatal'],
  ],
  aborting: [['initializing', 'ready', 'in transaction', 'aborting'], ['ready', 'uninitialized', 'fatal']],
  fatal: [['fatal'], []],
} // prettier-ignore

const STATES = Object.keys(OF_PRODUCER) as ManagerState[]

t.test('a producer goes from state to state as the table allows, and no other way', async (t) => {
  for (const from of STATES) {
    const [reach, next] = OF_PRODUCER[from]
    for (const to of STATES) {
      const state = new TransactionState()
      for (const step of reach) state.go(step)
      t.equal(state.current, from)
      if (next.includes(to)) {
        state.go(to)
        t.equal(state.current, to)
      } else {
        t.throws(() => state.go(to), { message: /cannot go from/ }, `${from} to ${to}`)
        t.equal(state.current, from)
      }
    }
  }
})

t.test('what a producer may do in each state', async (t) => {
  for (const name of STATES) {
    const state = new TransactionState()
    for (const step of OF_PRODUCER[name][0]) state.go(step)
    t.equal(state.isSending, name === 'in transaction' || name === 'flushing', name)
    t.equal(state.isEnding, name === 'committing' || name === 'aborting', name)
    t.equal(state.isFatal, name === 'fatal', name)
  }
})

const OF_TRANSACTION: Readonly<Record<TransactionStateName, readonly [reach: readonly TransactionStateName[], next: readonly TransactionStateName[]]>> = {
  open: [[], ['committing', 'aborting', 'fenced']],
  committing: [['committing'], ['committed', 'aborting', 'unknown', 'fenced']],
  aborting: [['aborting'], ['aborted', 'unknown', 'fenced']],
  committed: [['committing', 'committed'], []],
  aborted: [['aborting', 'aborted'], []],
  unknown: [['committing', 'unknown'], []],
  fenced: [['fenced'], []],
} // prettier-ignore

const OUTCOMES: readonly string[] = ['committed', 'aborted', 'unknown', 'fenced']

t.test('a transaction goes from state to state as its table allows', async (t) => {
  const names = Object.keys(OF_TRANSACTION) as TransactionStateName[]
  for (const from of names) {
    const [reach, next] = OF_TRANSACTION[from]
    for (const to of names) {
      const run = new TransactionRun(3)
      for (const step of reach) run.go(step)
      t.equal(run.state, from)
      t.equal(run.hasEnded, OUTCOMES.includes(from))
      t.equal(run.isOpen, from === 'open')
      t.equal(run.mayCommit, from === 'open' || from === 'committing')
      if (next.includes(to)) run.go(to)
      else t.throws(() => run.go(to), { message: /cannot go from/ }, `${from} to ${to}`)
      t.equal(run.state, next.includes(to) ? to : from)
    }
  }
})

t.test('who waits for the end of a transaction is told once', async (t) => {
  const run = new TransactionRun(0)
  const told: string[] = []
  run.onEnded(() => told.push('a'))
  const withdraw = run.onEnded(() => told.push('b'))
  withdraw()
  run.go('committing')
  t.strictSame(told, [])
  run.end('committed', null)
  t.strictSame(told, ['a'])
  run.onEnded(() => told.push('late'))
  t.strictSame(told, ['a', 'late'])
  t.equal(run.error, null)
  t.throws(() => run.end('aborted', null))
})

t.test('only the first failure counts', async (t) => {
  const run = new TransactionRun(0)
  t.equal(run.isSound, true)
  const [first, second] = [new TimeoutError('first'), new TimeoutError('second')]
  run.fail(first)
  run.fail(second)
  t.equal(run.failure, first)
  t.equal(run.isSound, false)
  run.go('aborting')
  run.end('aborted', second)
  t.equal(run.error, second)
})
