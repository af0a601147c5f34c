/** What a topic without a leader fills is its own matter, with interceptors as without. */
import t, { type Test } from 'tap'
import type { Interceptor, ProducerRecord } from '../../../src/index.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const LARGE = 'x'.repeat(1000)

/** Sees records, and may send each to another topic. */
class Witness implements Interceptor {
  readonly seen: string[] = []
  readonly outcomes: string[] = []
  readonly #topics: Readonly<Record<string, string>>

  constructor(topics: Readonly<Record<string, string>> = {}) {
    this.#topics = topics
  }

  onSend(record: ProducerRecord): ProducerRecord {
    this.seen.push(record.topic)
    return { ...record, topic: this.#topics[record.topic] ?? record.topic }
  }

  onOutcome({ record }: { readonly record: ProducerRecord }): void {
    this.outcomes.push(record.topic)
  }
}

/** With a producer whose topic `dead` has lost its leader, and `alive` has not. */
async function halfDead(
  t: Test,
  witness: Witness,
  use: (it: Simulation) => Promise<void>,
): Promise<void> {
  const topics = { dead: {}, alive: {} }
  const sizes = { bufferMemoryBytes: 65_536, batchSizeBytes: 4096, maxBlockMs: 600_000 }
  const it = await simulate({ topics }, { interceptors: [witness], ...sizes })
  for (const topic of ['dead', 'alive']) await it.run(it.producer.send({ topic, value: 'known' }))
  it.cluster.partition('dead', 0).removeLeader()
  it.producer.enqueue({ topic: 'dead', value: LARGE })
  for (let i = 0; i < 20; i++) await it.clock.advanceSettled(100)
  await use(it)
  await it.run(it.producer.close({ timeoutMs: 0 }))
  await it.cluster.close()
  t.equal(witness.outcomes.length, witness.seen.length, 'each has its outcome, once')
}

/** Gives a topic records until one is not taken. */
function fill({ producer }: Simulation, topic: string): number {
  let count = 0
  while (count < 1000 && producer.enqueue({ topic, value: LARGE })) count++
  return count
}

t.test('enqueue: one record of the topic waits, and other topics are taken at once', async (t) => {
  const witness = new Witness()
  await halfDead(t, witness, async (it) => {
    const count = fill(it, 'dead')
    t.ok(count > 10 && count < 60, 'half of the memory')
    const seenCount = witness.seen.length
    t.notOk(it.producer.enqueue({ topic: 'dead', value: 'refused' }))
    t.equal(witness.seen.length, seenCount, 'it is refused unseen')
    t.ok(it.producer.enqueue({ topic: 'alive', value: 'a' }))
    await it.run(it.producer.send({ topic: 'alive', value: 'b' }))
    t.strictSame(values(it.cluster, 'alive'), ['known', 'a', 'b'])
    t.notOk(it.producer.enqueue({ topic: 'dead', value: 'refused' }), 'it is refused still')
  })
})

t.test('streams: a record that is held stops its own topic alone', async (t) => {
  const witness = new Witness()
  await halfDead(t, witness, async (it) => {
    const open = (topic: string) => it.producer.createWriteStream({ topic }).on('error', () => {})
    const dead = open('dead')
    for (let i = 0; i < 60; i++) dead.write(LARGE)
    await it.clock.settle()
    const seenCount = witness.seen.length
    t.notOk(it.producer.enqueue({ topic: 'dead', value: 'refused' }), 'behind the one that is held')
    const alsoDead = open('dead')
    alsoDead.write('behind it')
    await it.clock.settle()
    t.equal(witness.seen.length, seenCount, 'both are refused unseen')
    const alive = open('alive')
    let isTaken = false
    alive.write('a', () => (isTaken = true))
    await it.clock.settle()
    t.ok(isTaken, 'at once')
    await it.run(new Promise((resolve) => alive.end(() => resolve(null))))
    t.ok(it.producer.enqueue({ topic: 'alive', value: 'b' }))
    await it.run(it.producer.send({ topic: 'alive', value: 'c' }))
    t.strictSame(values(it.cluster, 'alive'), ['known', 'a', 'b', 'c'])
    for (const stream of [dead, alsoDead]) stream.destroy()
  })
})

t.test('a topic is blocked by the name under which its records are given', async (t) => {
  const witness = new Witness({ some: 'dead', other: 'alive' })
  await halfDead(t, witness, async (it) => {
    const count = fill(it, 'some')
    t.ok(count > 10 && count < 60)
    t.notOk(
      it.producer.enqueue({ topic: 'some', value: 'refused' }),
      'or as many as came would wait',
    )
    t.notOk(it.producer.enqueue({ topic: 'dead', value: 'refused' }))
    t.ok(it.producer.enqueue({ topic: 'other', value: 'a' }))
    const stream = it.producer.createWriteStream({ topic: 'some' }).on('error', () => {})
    stream.write('behind it')
    await it.clock.settle()
    t.equal(witness.seen.at(-1), 'other', 'neither was the stream seen')
    stream.destroy()
    it.cluster.partition('dead', 0).moveLeader(1)
    await it.run(it.producer.flush())
    t.ok(it.producer.enqueue({ topic: 'some', value: 'taken again' }))
    await it.run(it.producer.flush())
    t.equal(values(it.cluster, 'dead').at(-1), 'taken again')
  })
})
