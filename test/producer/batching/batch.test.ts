import t from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { ProducerBatch, type BatchState } from '../../../src/producer/batching/batch.js'
import type { CallbackRunner } from '../../../src/producer/batching/batch-waiters.js'
import { countIn, OpenSpans } from '../../../src/producer/collections/open-spans.js'
import type { RecordMetadata } from '../../../src/record-metadata.js'
import { decodeBatch } from '../../../src/protocol/record-batch-reader.js'
import { bufferSizeFor, NO_PRODUCER } from '../../../src/protocol/record-batch.js'
import { appendable, batchOf, queueOf } from '../support/pieces.js'
import { wrapCompressed } from '../../protocol/support/wrap-compressed.js'

const run: CallbackRunner = (callback, error, metadata) => callback(error, metadata)
const ignore = (): void => {}
const STAMP = { producerId: 7n, producerEpoch: 1, baseSequence: 5 }

/** Each event, and the state that it leads to from each state; the others are our own mistakes. */
const EVENTS: readonly [
  name: string,
  event: (batch: ProducerBatch) => void,
  leads: Partial<Record<BatchState, BatchState>>,
][] = [
  ['close', (batch) => batch.close(), { open: 'closed' }],
  ['attempted', (batch) => batch.attempted(1, 0), { closed: 'sent', sent: 'sent' }],
  ['acknowledge', (batch) => batch.acknowledge(0n, -1, run), { open: 'done', closed: 'done', sent: 'done' }],
  ['fail', (batch) => batch.fail(() => new Error('x'), run, ignore), { open: 'done', closed: 'done', sent: 'done' }],
  ['becomeSplit', (batch) => batch.becomeSplit([]), { open: 'done', closed: 'done', sent: 'done' }],
] // prettier-ignore

/** How to bring a new batch into each state. */
const PATHS: Readonly<Record<BatchState, (batch: ProducerBatch) => void>> = {
  open: ignore,
  closed: (batch) => batch.close(),
  sent: (batch) => {
    batch.close()
    batch.attempted(1, 0)
  },
  done: (batch) => batch.acknowledge(0n, -1, run),
}

for (const [name, event, leads] of EVENTS) {
  for (const [from, path] of Object.entries(PATHS)) {
    const to = leads[from as BatchState]
    t.test(`${name} leads from ${from} to ${to ?? 'an error'}`, async (t) => {
      const batch = batchOf(queueOf())
      path(batch)
      t.equal(batch.state, from)
      if (to === undefined) t.throws(() => event(batch), { message: /a batch cannot go from/ })
      else event(batch)
      t.equal(batch.state, to ?? from)
    })
  }
}

t.test('every record is told its own place, in order', async (t) => {
  const told: [number, bigint, number][] = []
  const batch = new ProducerBatch(queueOf(1, 3), 0, Buffer.alloc(bufferSizeFor(1000)))
  for (const [i, timestamp] of [100, 100, 90, 300].entries()) {
    const callback = (_: unknown, metadata: RecordMetadata | null): void => {
      told.push([i, metadata?.offset ?? -2n, metadata?.timestamp ?? -2])
      t.match(metadata, { topic: 'orders', partition: 3 })
    }
    batch.append(appendable({ timestamp, value: 'x', callback }))
  }
  batch.acknowledge(10n, -1, run)
  t.strictSame(told, [[0, 10n, 100], [1, 11n, 100], [2, 12n, 90], [3, 13n, 300]])
}) // prettier-ignore

t.test('callbacks, promises and records that nobody waits for may be mixed', async (t) => {
  const told: string[] = []
  const batch = batchOf(queueOf(), [null, null])
  batch.append(appendable({ resolve: (value) => told.push(`2 ${(value as RecordMetadata).offset}`) }))
  batch.append(appendable())
  batch.append(appendable({ callback: (_, metadata) => told.push(`4 ${metadata?.offset}`) }))
  batch.acknowledge(0n, -1, run)
  t.strictSame(told, ['2 2', '4 4'])
}) // prettier-ignore

t.test('a failure tells each record its own error, and those nobody waits for in one sum', async (t) => {
  const told: unknown[] = []
  const batch = batchOf(queueOf(), ['nobody'])
  batch.append(appendable({ callback: (error, metadata) => told.push(error?.message, metadata) }))
  const promised = new Promise((resolve) => batch.append(appendable({ resolve })))
  batch.append(appendable({ value: 'nobody' }))
  batch.fail((index) => new Error(`record ${index}`), run, (error, count) => told.push(error.message, count))
  t.strictSame(told, ['record 1', null, 'record 0', 2])
  await t.rejects(promised, { message: 'record 2' })
}) // prettier-ignore

t.test('a record without room is nobody’s: its callback is not kept', async (t) => {
  let calls = 0
  const batch = new ProducerBatch(queueOf(), 0, Buffer.alloc(bufferSizeFor(100)))
  const count = (): void => void calls++
  while (batch.append(appendable({ value: 'ten bytes!', callback: count })));
  batch.acknowledge(0n, -1, run)
  t.equal(calls, batch.recordCount)
})

t.test('it is open until its records were told, and done before', async (t) => {
  const order: string[] = []
  const spans = new OpenSpans()
  const batch = batchOf(queueOf(), ['x'], { callback: () => order.push('record') })
  countIn(batch, spans.present)
  spans.whenOver(() => order.push('over'))
  batch.onDone(() => order.push('done'))
  batch.fail(() => new Error('x'), run, ignore)
  t.strictSame(order, ['done', 'record', 'over'])
})

t.test('a split batch is done, and open in its children until the last', async (t) => {
  const queue = queueOf()
  const [parent, first, second] = [batchOf(queue), batchOf(queue), batchOf(queue)]
  const spans = new OpenSpans()
  let [done, over] = [0, 0]
  countIn(parent, spans.present)
  spans.whenOver(() => over++)
  parent.onDone(() => done++)
  parent.becomeSplit([first, second])
  t.strictSame([done, over], [1, 0])
  second.acknowledge(0n, -1, run)
  t.equal(over, 0)
  first.fail(() => new Error('x'), run, ignore)
  t.strictSame([done, over], [1, 1])
})

t.test(
  'an attempt is counted, in flight until it ends, and remembers the leader’s epoch',
  async (t) => {
    const batch = batchOf(queueOf())
    batch.close()
    batch.attempted(7, 0)
    t.match(batch, { attempts: 1, isInFlight: true, leaderEpochAtSend: 7 })
    batch.attemptEnded()
    batch.attempted(8, 0)
    t.match(batch, { attempts: 2, isInFlight: true, leaderEpochAtSend: 8 })
  },
)

function decoded(batch: ProducerBatch): ReturnType<typeof decodeBatch> {
  const { buffer, start, end } = batch.wire
  return decodeBatch(buffer.subarray(start, end))
}

t.test('it is sealed under its stamp, once', async (t) => {
  const batch = batchOf(queueOf())
  batch.number(STAMP)
  batch.seal()
  t.match(decoded(batch), STAMP)
  const { buffer } = batch.wire
  buffer[batch.wire.start + 12] = 0xaa // outside of what the checksum covers: stays if not sealed anew
  batch.seal()
  t.equal(buffer[batch.wire.start + 12], 0xaa)
})

t.test('other numbers go into a copy, for a socket may hold the old bytes', async (t) => {
  const batch = batchOf(queueOf())
  batch.number(STAMP)
  batch.attemptFailed(new ProtocolError('lost'), true)
  batch.seal()
  const old = batch.wire.buffer
  const before = Buffer.from(old)
  batch.renumber({ ...STAMP, producerEpoch: 2, baseSequence: 0 })
  batch.seal()
  t.not(batch.wire.buffer, old)
  t.strictSame(old, before)
  t.match(decoded(batch), { producerEpoch: 2, baseSequence: 0, recordCount: 1 })
  t.equal(batch.maybeWritten, false)
})

t.test('compressed bytes take the place of the plain ones, also under other numbers', async (t) => {
  const batch = batchOf(queueOf(), ['x', 'y', 'z'])
  batch.close()
  const plain = batch.records.buffer
  t.equal(batch.adoptCompressed(wrapCompressed(Buffer.from('squeezed')), 2), plain)
  t.equal(batch.recordCount, 3)
  t.equal(batch.sizeBytes, 61 + 8)
  for (const stamp of [STAMP, { ...STAMP, baseSequence: 99 }]) {
    batch.renumber(stamp)
    batch.seal()
    t.match(decoded(batch), { ...stamp, codecId: 2, recordCount: 3, lastOffsetDelta: 2 })
    t.strictSame(decoded(batch).recordBytes, Buffer.from('squeezed'))
  }
})

t.test('without idempotence its stamp is nobody’s', async (t) => {
  t.equal(batchOf(queueOf()).stamp, NO_PRODUCER)
})
