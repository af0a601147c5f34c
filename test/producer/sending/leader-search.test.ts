import t from 'tap'
import { LeaderSearch } from '../../../src/producer/sending/leader-search.js'
import { batchOf, queueOf, topicOf } from '../support/pieces.js'

/** A search over one broker, and how often it has asked. */
function setUp() {
  const it = { asked: 0 }
  const broker = { nodeId: 1, stalledAtMs: Infinity, isOutOfReach: false }
  const ask = (): void => void it.asked++
  const search = new LeaderSearch({ requestRefresh: ask, requestRefreshOf: ask })
  const look = (nowMs: number): number => {
    search.look([broker], nowMs)
    return it.asked
  }
  return { it, search, broker, look }
}

t.test('nothing is asked while all is well', async (t) => {
  const { search, look } = setUp()
  t.equal(look(0), 0)
  t.equal(search.nextMs, Infinity)
})

t.test('a broker that has stalled, and then every 250 ms', async (t) => {
  const { search, broker, look } = setUp()
  broker.stalledAtMs = 1100
  t.equal(look(100), 0)
  t.equal(search.nextMs, 1100)
  t.equal(look(1099), 0)
  t.equal(look(1100), 1)
  t.equal(look(1349), 1)
  t.equal(look(1350), 2)
  broker.stalledAtMs = Infinity
  t.equal(look(2000), 2)
  t.equal(search.nextMs, Infinity)
})

t.test('a broker out of reach that batches wait for', async (t) => {
  const { search, broker, look } = setUp()
  broker.isOutOfReach = true
  t.equal(look(10), 0, 'it is being dialled')
  t.equal(look(259), 0)
  t.equal(look(260), 1)
  t.equal(look(510), 2)
  broker.isOutOfReach = false
  t.equal(look(600), 2)
  t.equal(search.nextMs, Infinity)
})

t.test('a partition without a leader, for as long as it has batches', async (t) => {
  const { it, search, look } = setUp()
  const queue = queueOf(-1)
  const batch = batchOf(queue)
  queue.begin(batch)
  search.miss(queue)
  search.miss(queue)
  t.equal(it.asked, 1, 'at once')
  t.equal(look(0), 1)
  t.equal(look(250), 2)
  t.equal(look(500), 3)
  queue.failed(batch)
  look(750)
  look(751)
  t.equal(search.nextMs, Infinity)
})

t.test('all the topics whose partitions have no leader are asked for at once', async (t) => {
  const asked: string[][] = []
  const requestRefresh = (topics: Iterable<string>): void => void asked.push([...topics])
  const search = new LeaderSearch({ requestRefresh, requestRefreshOf: () => {} })
  for (const name of ['a', 'b']) {
    const { partitions } = topicOf([-1, -1], { name })
    for (const queue of partitions) {
      queue.begin(batchOf(queue))
      search.miss(queue)
    }
  }
  asked.length = 0
  search.look([], 0)
  search.look([], 250)
  t.strictSame(asked, [['a', 'b']])
})
