import fc from 'fast-check'
import t from 'tap'
import { Deque } from '../../../src/producer/collections/deque.js'

type Step = 'push' | 'unshift' | 'shift'

t.test('it is an array that is pushed, unshifted and shifted, whatever the order', async () => {
  const step = fc.constantFrom<Step>('push', 'push', 'unshift', 'shift')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const deque = new Deque<number>()
      const model: number[] = []
      return steps.every((step, i) => {
        if (step === 'shift') {
          if (deque.shift() !== model.shift()) return false
        } else {
          deque[step](i)
          model[step](i)
        }
        return (
          deque.length === model.length &&
          deque.peek() === model[0] &&
          String([...deque]) === String(model)
        )
      })
    }),
  )
})

t.test('it grows with its front anywhere on the ring', async (t) => {
  for (let front = 0; front < 40; front++) {
    const deque = new Deque<number>()
    for (let i = 0; i < front; i++) deque.push(i)
    for (let i = 0; i < front; i++) deque.shift()
    for (let i = 0; i < 40; i++) deque.push(i)
    t.strictSame([...deque], [...Array(40).keys()], `front at ${front}`)
  }
})

t.test('an empty one has nothing in front and nothing to give', async (t) => {
  const deque = new Deque<string>()
  t.equal(deque.peek(), undefined)
  t.equal(deque.shift(), undefined)
  t.equal(deque.length, 0)
  deque.push('a')
  deque.shift()
  t.equal(deque.peek(), undefined)
})
