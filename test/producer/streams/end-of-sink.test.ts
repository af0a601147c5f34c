/** What waits for a source of its own is told that the producer is closed, or the transaction over. */
import t from 'tap'
import type { ProducerRecord } from '../../../src/index.js'
import { fateOf, rig } from '../transactions/support.js'
import { simulate, type Simulation } from '../../testing/support/simulation.js'

const CLOSED = 'ERR_OTTLA_CLOSED'
const record = (value: string): ProducerRecord<string, string> => ({ topic: 'orders', value })

/** Gives one record, and then nothing for ever. */
class Quiet implements AsyncIterator<ProducerRecord<string, string>> {
  #isGiven = false
  isReturned = false;

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<ProducerRecord<string, string>>> {
    if (this.#isGiven) return new Promise(() => {})
    this.#isGiven = true
    return Promise.resolve({ done: false, value: record('a') })
  }

  return(): Promise<IteratorResult<ProducerRecord<string, string>>> {
    this.isReturned = true
    return new Promise(() => {}) // as an async generator's, whose next is under way
  }
}

const start = (): Promise<Simulation> => simulate({ topics: { orders: {} } }, {})

t.test('sendAll and sendEach of a source that gives nothing more', async (t) => {
  const it = await start()
  const [one, other] = [new Quiet(), new Quiet()]
  const all = it.producer.sendAll(one).catch((error: unknown) => error)
  const each = it.producer.sendEach(other)
  t.match(await it.run(each.next()), { value: { error: null } })
  const next = fateOf(each.next())
  await it.run(it.producer.close())
  t.match(await it.run(all), { code: 'ERR_OTTLA_SEND_ALL', cause: { code: CLOSED } })
  t.equal(await it.run(next), CLOSED)
  t.ok(one.isReturned && other.isReturned)
  t.equal(await it.run(fateOf(it.producer.sendAll(new Quiet()))), 'ERR_OTTLA_SEND_ALL', 'after it')
})

t.test('a source whose return throws: the close goes on, and all others are told', async (t) => {
  const it = await start()
  const throwing = new Quiet()
  throwing.return = () => {
    throw new Error('not now')
  }
  const all = it.producer.sendAll(throwing).catch((error: unknown) => error)
  const other = it.producer.sendAll(new Quiet()).catch((error: unknown) => error)
  await it.clock.advanceSettled(10)
  t.equal(await it.run(fateOf(it.producer.close())), 'ok')
  for (const error of await it.run(Promise.all([all, other])))
    t.match(error, { code: 'ERR_OTTLA_SEND_ALL', cause: { code: CLOSED } })
})

t.test(
  'a Node stream: an error for whoever listens to errors, else nothing but its close',
  async (t) => {
    const it = await start()
    const events: string[] = []
    const heard = it.producer.createWriteStream({ topic: 'orders' })
    heard.on('error', (error) => events.push((error as Error & { code: string }).code))
    const unheard = it.producer.createWriteStream({ topic: 'orders' })
    unheard.on('close', () => events.push('closed'))
    const ended = it.producer.createWriteStream({ topic: 'orders' })
    ended.on('finish', () => events.push('finished')).on('error', () => events.push('wrong'))
    for (const stream of [heard, unheard, ended]) stream.write('a')
    ended.end()
    await it.run(it.producer.close())
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(events.sort(), [CLOSED, 'closed', 'finished'])
    for (const stream of [heard, unheard, ended]) t.equal(stream.recordsAcknowledged, 1)
    const late = it.producer.createWriteStream({ topic: 'orders' })
    await new Promise((resolve) => late.on('error', resolve))
  },
)

t.test('a web stream', async (t) => {
  const it = await start()
  const open = it.producer.createWritableStream({ topic: 'orders' }).getWriter()
  const ended = it.producer.createWritableStream({ topic: 'orders' }).getWriter()
  await it.run(Promise.all([open.write('a'), ended.write('b')]))
  const closing = ended.close()
  await it.run(it.producer.close())
  t.equal(await it.run(fateOf(open.closed)), CLOSED)
  t.equal(await it.run(fateOf(closing)), 'ok')
})

t.test('in a transaction: once it has ended', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.run(it.producer.begin())
  const each = transaction.sendEach(new Quiet())
  await it.run(each.next())
  const next = fateOf(each.next())
  const stream = transaction.createWritableStream({ topic: 'orders' }).getWriter()
  await it.run(transaction.commit())
  t.equal(await it.run(next), 'ERR_OTTLA_TRANSACTION_STATE')
  t.equal(await it.run(fateOf(stream.closed)), 'ERR_OTTLA_TRANSACTION_STATE')
  t.strictSame(it.committed(), ['a'])
})
