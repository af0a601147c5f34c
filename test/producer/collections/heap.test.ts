import t from 'tap'
import { Heap } from '../../../src/producer/collections/heap.js'
import { seededRandom } from '../support/pieces.js'

t.test('whatever comes and goes, the least is first', async (t) => {
  const random = seededRandom(11)
  const heap = new Heap<number>()
  const model: number[] = []
  for (let i = 0; i < 5000; i++) {
    if (random() < 0.55) {
      const key = Math.floor(random() * 100) // many are the same
      heap.push(key, key)
      model.push(key)
      model.sort((a, b) => a - b)
    } else {
      const least = model.shift()
      if (heap.leastKey !== (least ?? Infinity)) t.fail(`${heap.leastKey} is not ${least}`)
      if (heap.shift() !== least) t.fail(`${least} was to come`)
    }
    if (heap.length !== model.length) t.fail(`${heap.length} are not ${model.length}`)
  }
  for (const key of model) t.equal(heap.shift(), key)
  t.equal(heap.shift(), undefined)
  t.equal(heap.leastKey, Infinity)
})
