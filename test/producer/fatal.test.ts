/**
 * A defect of Ottla's own, made by breaking a part of it: the process goes on, every record is told,
 * and the producer says on every later call that it has failed, and why.
 */
import t from 'tap'
import type { DeliveryError } from '../../src/index.js'
import { Completion } from '../../src/producer/completing/completion.js'
import { PartitionQueue } from '../../src/producer/queueing/partition-queue.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'
import { breakMethod } from './support/broken-method.js'

const fateOf = (it: Simulation, promise: Promise<unknown>): Promise<unknown> =>
  it.run(
    promise.then(
      () => 'resolved',
      (error: unknown) => error,
    ),
  )

for (const [name, prototype, method, outcome, stored] of [
  ['the loop', PartitionQueue.prototype, 'next', 'not-written', ['a']],
  ['the judgement of an answer', Completion.prototype, 'answered', 'unknown', ['a', 'b']],
] as const) {
  t.test(`a defect of ${name} fails the producer, not the process`, async (t) => {
    const it = await simulate({ topics: { orders: {} } })
    const { producer } = it
    const record = { topic: 'orders', value: 'b' }
    await it.run(producer.send({ ...record, value: 'a' }))
    breakMethod(t, prototype, method)
    const error = await fateOf(it, producer.send(record))
    const fatal = { code: 'ERR_OTTLA_FATAL', message: /broken by a test/ }
    t.match(error, { ...fatal, outcome, cause: { message: 'broken by a test' } })
    const told: unknown[] = []
    t.ok(producer.enqueue(record, (error) => told.push(error)))
    await it.clock.settle()
    const all = await fateOf(it, producer.sendAll([record]))
    const later = [
      told[0],
      (all as Error).cause,
      await fateOf(it, producer.send(record)),
      await fateOf(it, producer.connect()),
      await fateOf(it, producer.writable()),
      await fateOf(it, producer.flush()),
      await fateOf(it, producer.partitionsFor('orders')),
    ]
    for (const each of later) {
      t.match(each, fatal)
      t.equal((each as DeliveryError).outcome, 'not-written')
    }
    await it.run(producer.close())
    await it.clock.settle()
    t.strictSame(values(it.cluster, 'orders'), stored)
    t.equal(it.clock.timerCount, 0)
    t.equal(it.cluster.connectionCount, 0)
    t.equal(producer.metrics().batchesIncomplete, 0)
  })
}
