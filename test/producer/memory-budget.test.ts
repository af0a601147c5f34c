import t from 'tap'
import { MemoryBudget } from '../../src/producer/memory-budget.js'

t.test('what fits is taken, to the byte', async (t) => {
  const budget = new MemoryBudget(100)
  t.equal(budget.tryTake(60), true)
  t.equal(budget.tryTake(41), false)
  t.equal(budget.usedBytes, 60, 'a refusal takes nothing')
  t.equal(budget.tryTake(40), true)
  t.equal(budget.availableBytes, 0)
  t.equal(budget.tryTake(1), false)
  t.equal(budget.tryTake(0), true)
})

t.test('what is given back can be taken again', async (t) => {
  const budget = new MemoryBudget(100)
  budget.tryTake(100)
  budget.give(30)
  t.equal(budget.tryTake(31), false)
  t.equal(budget.tryTake(30), true)
})

t.test('force overdraws, and nothing is free until the debt is paid', async (t) => {
  const budget = new MemoryBudget(100)
  budget.tryTake(90)
  budget.forceTake(50)
  t.equal(budget.availableBytes, -40)
  t.equal(budget.tryTake(0), false)
  budget.give(90)
  t.equal(budget.availableBytes, 50)
  t.equal(budget.totalBytes, 100)
})
