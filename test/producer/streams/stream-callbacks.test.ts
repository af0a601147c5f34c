/** What the functions given to a stream may do wrong: it is told, the record's fate stays, and the stream always ends. */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { InvalidRecordError, type ProducerRecord } from '../../../src/index.js'
import type { RecordStreamOptions } from '../../../src/producer/streams/stream-options.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'
import { rig } from '../transactions/support.js'

const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))

const KINDS = ['createWriteStream', 'createWritableStream'] as const

interface Options extends RecordStreamOptions<string> {
  readonly toRecord?: (chunk: string) => ProducerRecord
}

interface Rig extends Simulation {
  /** What was logged as an error. */
  readonly errors: [string, unknown][]
  /** Writes the chunks to a stream of this kind and ends it. */
  write(kind: (typeof KINDS)[number], chunks: unknown[], options?: Options): Promise<void>
}

/** Runs `use` with a producer and its cluster, and closes both. */
async function withProducer(use: (it: Rig) => Promise<void>): Promise<void> {
  const errors: Rig['errors'] = []
  const error = ({ err }: { err?: unknown }, text: string): void => void errors.push([text, err])
  const logger = { debug() {}, info() {}, warn() {}, error }
  const it = await simulate({ topics: { orders: {} } }, { logger })
  const write: Rig['write'] = async (kind, chunks, options) => {
    const given = options as never
    if (kind === 'createWriteStream') {
      return it.run(pipeline(chunks, it.producer[kind](given) as unknown as Writable))
    }
    const source = new ReadableStream<unknown>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })
    return it.run(source.pipeTo(it.producer[kind]<unknown>(given)))
  }
  await use({ ...it, errors, write })
  await it.run(it.producer.close())
  await it.cluster.close()
  if (unhandled.length > 0)
    throw new Error('a rejection was left unhandled', { cause: unhandled.splice(0) })
}

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('resolved'),
    (error: unknown) => error as Error,
  )

const record = (value: string): ProducerRecord => ({ topic: 'orders', value })

/** Throws for 'throws'; 'bad' becomes a record that the producer refuses. */
const toRecord = (chunk: string): ProducerRecord => {
  if (chunk === 'throws') throw new RangeError('no record')
  if (chunk === 'refuses') throw new InvalidRecordError('not this one')
  return chunk === 'bad' ? ({ topic: 'orders' } as ProducerRecord) : record(chunk)
}

for (const kind of KINDS) {
  t.test(`${kind}: what it goes on after is logged where nobody listens`, async (t) => {
    await withProducer(async ({ write, errors, cluster }) => {
      const heard: string[] = []
      const onRecordError = (_error: Error, chunk: string): void => void heard.push(chunk)
      await write(kind, ['a', 'bad'], { onError: 'continue', toRecord, onRecordError })
      t.strictSame(heard, ['bad'])
      t.strictSame(errors, [])
      await write(kind, ['b', 'bad', 'c'], { onError: 'continue', toRecord })
      t.strictSame(values(cluster, 'orders'), ['a', 'b', 'c'])
      const [[text, error] = [], ...others] = errors
      t.equal(text, 'records without a callback were not delivered')
      t.match(error, { name: 'InvalidRecordError' })
      t.strictSame(others, [])
    })
  })
}

t.test('a listener of the event is somebody', async (t) => {
  await withProducer(async ({ producer, run, errors }) => {
    const stream = producer.createWriteStream<string>({ onError: 'continue', toRecord })
    const heard: unknown[] = []
    stream.on('recordError', (_error, chunk) => heard.push(chunk))
    await run(pipeline(['bad'], stream))
    t.strictSame(heard, ['bad'])
    t.strictSame(errors, [])
  })
})

const MINE = new Error('mine')
/** What is awaited as a promise is. */
const rejecting = (error: Error): unknown => ({
  then: (_: unknown, reject: (reason: unknown) => void) => reject(error),
})
const LOGGED = ['a delivery callback threw', MINE]
const WAYS = {
  throws: () => {
    throw MINE
  },
  rejects: () => Promise.reject(MINE) as unknown as undefined,
  'rejects by a promise of another realm': () =>
    (runInNewContext('(error) => Promise.reject(error)') as (error: Error) => undefined)(MINE),
  'rejects by what is like a promise': () => rejecting(MINE) as undefined,
}

for (const kind of KINDS) {
  for (const [way, callback] of Object.entries(WAYS)) {
    t.test(`${kind}: onRecordError ${way}: it is logged, and the stream goes on`, async (t) => {
      await withProducer(async ({ write, cluster, errors }) => {
        const options: Options = { onError: 'continue', toRecord, onRecordError: callback }
        await write(kind, ['a', 'throws', 'bad', 'b'], options)
        t.strictSame(errors, [LOGGED, LOGGED])
        t.strictSame(values(cluster, 'orders'), ['a', 'b'])
      })
    })

    t.test(`${kind}: onAcknowledged ${way}: it is logged, and the stream goes on`, async (t) => {
      await withProducer(async ({ write, cluster, errors }) => {
        await write(kind, ['a', 'b'], { toRecord, onAcknowledged: callback })
        t.strictSame(errors, [LOGGED, LOGGED])
        t.strictSame(values(cluster, 'orders'), ['a', 'b'])
      })
    })
  }

  for (const [what, returned] of [
    ['null', null],
    ['undefined', undefined],
    ['a number (7)', 7],
  ]) {
    t.test(`${kind}: toRecord that returns ${what} fails the record`, async (t) => {
      await withProducer(async ({ write, cluster }) => {
        const failed: unknown[] = []
        await write(kind, ['a', 'none', 'b'], {
          onError: 'continue',
          toRecord: (chunk) => (chunk === 'none' ? (returned as never) : record(chunk)),
          onRecordError: ({ name, message }, chunk) => failed.push([name, message, chunk]),
        })
        const message = `toRecord must return a record { topic, value, … }, and returned ${what}`
        t.strictSame(failed, [['InvalidRecordError', message, 'none']])
        t.strictSame(values(cluster, 'orders'), ['a', 'b'])
      })
    })
  }

  t.test(`${kind}: toRecord that is async fails the record, and says so`, async (t) => {
    await withProducer(async ({ write, cluster }) => {
      const failed: unknown[] = []
      await write(kind, ['resolves', 'rejects', 'a'], {
        onError: 'continue',
        toRecord: (chunk) => {
          if (chunk === 'a') return record(chunk)
          const promise =
            chunk === 'rejects' ? Promise.reject(MINE) : Promise.resolve(record(chunk))
          return promise as never
        },
        onRecordError: ({ name, message }, chunk) => failed.push([name, message, chunk]),
      })
      const message =
        'toRecord must not be async: it returned a promise, and must return the record itself'
      t.strictSame(failed, [
        ['InvalidRecordError', message, 'resolves'],
        ['InvalidRecordError', message, 'rejects'],
      ])
      t.strictSame(values(cluster, 'orders'), ['a'])
    })
  })

  t.test(`${kind}: toRecord that returns null fails the stream without onError`, async (t) => {
    await withProducer(async ({ write, run }) => {
      const failure = failureOf(write(kind, ['a'], { toRecord: () => null as never }))
      t.match(await run(failure), { name: 'InvalidRecordError', message: /toRecord .* null/ })
    })
  })
}

t.test(
  "a listener of 'recordError' that throws is logged, and onRecordError is told",
  async (t) => {
    await withProducer(async ({ producer, run, errors }) => {
      const told: string[] = []
      const onRecordError = (_: Error, chunk: string): void => void told.push(chunk)
      const stream = producer.createWriteStream({ onError: 'continue', toRecord, onRecordError })
      stream.on('recordError', WAYS.throws)
      await run(pipeline(['a', 'throws', 'bad'], stream))
      t.strictSame(told, ['throws', 'bad'])
      t.strictSame(errors, [LOGGED, LOGGED])
      t.match(stream, { recordsAcknowledged: 1, recordsFailed: 2, recordsPending: 0 })
    })
  },
)

t.test("a listener of 'recordError' that is async and rejects is logged; others are told", async (t) => {
  await withProducer(async ({ producer, run, errors }) => {
    const told: string[] = []
    const stream = producer.createWriteStream({ onError: 'continue', toRecord })
    stream.on('recordError', WAYS.throws)
    stream.on('recordError', WAYS.rejects)
    stream.once('recordError', (_, chunk) => void told.push(`once ${chunk}`))
    stream.on('recordError', (_, chunk) => void told.push(chunk))
    await run(pipeline(['a', 'throws', 'bad'], stream))
    t.strictSame(told, ['once throws', 'throws', 'bad'])
    t.strictSame(errors, [LOGGED, LOGGED, LOGGED, LOGGED])
  })
}) // prettier-ignore

t.test('a write whose failure a callback throws over does not throw, and the stream closes', async (t) => {
  await withProducer(async ({ producer, run }) => {
    const options = { onError: 'continue', toRecord, onRecordError: WAYS.throws } as const
    const stream = producer.createWriteStream<string>(options)
    t.doesNotThrow(() => stream.write('throws'))
    stream.end()
    await run(once(stream as unknown as Writable, 'close'))
    t.ok(stream.closed)
  })
}) // prettier-ignore

t.test('null is no record of a web stream, and fails it', async (t) => {
  await withProducer(async ({ write, run }) => {
    t.match(await run(failureOf(write('createWritableStream', [null]))), {
      name: 'InvalidRecordError',
      message: /a record is an object .* null/,
    })
  })
})

t.test('null with a topic is a tombstone in a web stream', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const writer = producer.createWritableStream({ topic: 'orders' }).getWriter()
    await run(Promise.all([writer.write(null), writer.close()]))
    t.equal(cluster.records('orders')[0]?.value, null)
  })
})

t.test('a signal that has fired before ends a stream of Node with an AbortError', async (t) => {
  await withProducer(async ({ producer, run, cluster }) => {
    const signal = AbortSignal.abort(MINE)
    const stream = producer.createWriteStream({ topic: 'orders', signal })
    t.match(await run(failureOf(pipeline(['a'], stream))), { name: 'AbortError', cause: MINE })
    t.match(stream, { closed: true, recordsPending: 0 })
    const other = producer.createWriteStream({ topic: 'orders', signal })
    const [error] = (await run(once(other as unknown as Writable, 'error'))) as [Error]
    t.match(error, { name: 'AbortError' })
    t.strictSame(values(cluster, 'orders'), [])
  })
})

t.test('in a transaction, too', async (t) => {
  const it = await rig(t, 2)
  const transaction = await it.begin()
  const failed: string[] = []
  const stream = transaction.createWriteStream<string>({
    onError: 'continue',
    toRecord: toRecord as never,
    onAcknowledged: WAYS.rejects,
    onRecordError: ({ name }) => {
      failed.push(name)
      throw MINE
    },
  })
  await it.run(pipeline(['a', 'throws', 'b'], stream))
  await it.run(transaction.commit())
  t.strictSame(failed, ['InvalidRecordError'])
  t.strictSame(it.committed(), ['a', 'b'])
})
