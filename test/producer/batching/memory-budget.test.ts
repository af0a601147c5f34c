import t from 'tap'
import { MemoryBudget, MemoryShare } from '../../../src/producer/batching/memory-budget.js'

t.test('what fits is taken, to the byte', async (t) => {
  const budget = new MemoryBudget(100)
  const share = new MemoryShare()
  t.equal(budget.tryTake(60, share), true)
  t.equal(budget.tryTake(41, share), false)
  t.equal(budget.usedBytes, 60, 'a refusal takes nothing')
  t.equal(budget.tryTake(40, share), true)
  t.equal(budget.availableBytes, 0)
  t.equal(budget.tryTake(1, share), false)
  t.equal(budget.tryTake(0, share), true)
})

t.test('what is given back can be taken again', async (t) => {
  const budget = new MemoryBudget(100)
  const share = new MemoryShare()
  budget.tryTake(100, share)
  budget.give(30, share)
  t.equal(budget.tryTake(31, share), false)
  t.equal(budget.tryTake(30, share), true)
})

t.test('each topic has its share, and what there is can be taken', async (t) => {
  const budget = new MemoryBudget(100)
  const [a, b] = [new MemoryShare(), new MemoryShare()]
  budget.tryTake(60, a)
  t.equal(budget.takeUpTo(30, b), 30)
  t.equal(budget.takeUpTo(30, b), 10, 'never more than there is')
  t.equal(budget.availableBytes, 0)
  t.strictSame([a.usedBytes, b.usedBytes], [60, 40])
  t.equal(budget.tryTake(-10, a), true, 'less than nothing is given back')
  t.strictSame([budget.availableBytes, a.usedBytes], [10, 50])
})

t.test('beside other topics what does not move may fill half of the memory', async (t) => {
  let topicCount = 1
  const budget = new MemoryBudget(100, () => topicCount)
  const share = new MemoryShare()
  t.equal(budget.mayRest(100, share), true)
  topicCount = 2
  t.equal(budget.mayRest(100, share), true, 'one record is always allowed')
  budget.tryTake(20, share)
  t.equal(budget.mayRest(30, share), true)
  t.equal(budget.mayRest(31, share), false)
})
