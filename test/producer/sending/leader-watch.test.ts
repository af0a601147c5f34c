import t from 'tap'
import { LeaderWatch } from '../../../src/producer/sending/leader-watch.js'
import { Outbox } from '../../../src/producer/sending/outbox.js'
import { ProduceRequest } from '../../../src/producer/sending/produce-request.js'
import { batchOf, queueOf } from '../support/pieces.js'
import { FakeConnection } from '../support/sending.js'

/** A watch over one broker, and how often it has asked. */
function setUp() {
  const it = { asked: 0, isConnected: true }
  const connection = new FakeConnection(1, 10)
  const pool = { connection: () => (it.isConnected ? connection : undefined) }
  const ask = (): void => void it.asked++
  const watch = new LeaderWatch(pool, { refreshMetadata: ask, refreshMetadataOf: ask })
  const outbox = new Outbox(1)
  const look = (nowMs: number): number => {
    watch.look([outbox], nowMs)
    return it.asked
  }
  return { it, watch, outbox, look }
}

const LISTENER = { onAnswer() {}, onLost() {} }

t.test('nothing is asked while all is well', async (t) => {
  const { watch, outbox, look } = setUp()
  outbox.list(queueOf(1))
  t.equal(look(0), 0)
  t.equal(watch.nextMs, Infinity)
})

t.test('a broker that owes an answer for a second, and then every 250 ms', async (t) => {
  const { watch, outbox, look } = setUp()
  outbox.requests.push(new ProduceRequest(1, 100, 9, LISTENER))
  t.equal(look(100), 0)
  t.equal(watch.nextMs, 1100)
  t.equal(look(1099), 0)
  t.equal(look(1100), 1)
  t.equal(look(1349), 1)
  t.equal(look(1350), 2)
  outbox.requests.pop()
  t.equal(look(2000), 2)
  t.equal(watch.nextMs, Infinity)
})

t.test('a broker out of reach that batches wait for', async (t) => {
  const { it, watch, outbox, look } = setUp()
  it.isConnected = false
  t.equal(look(0), 0, 'nobody waits for it')
  t.equal(watch.nextMs, Infinity)
  outbox.list(queueOf(1))
  t.equal(look(10), 0, 'it is being dialled')
  t.equal(look(259), 0)
  t.equal(look(260), 1)
  t.equal(look(510), 2)
  it.isConnected = true
  t.equal(look(600), 2)
  t.equal(watch.nextMs, Infinity)
})

t.test('a partition without a leader, for as long as it has batches', async (t) => {
  const { it, watch, look } = setUp()
  const queue = queueOf(-1)
  queue.open = batchOf(queue)
  watch.miss(queue)
  watch.miss(queue)
  t.equal(it.asked, 1, 'at once')
  t.equal(look(0), 1)
  t.equal(look(250), 2)
  t.equal(look(500), 3)
  queue.open = null
  look(750)
  look(751)
  t.equal(watch.nextMs, Infinity)
})
