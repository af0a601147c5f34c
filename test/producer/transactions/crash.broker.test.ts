/**
 * A process that is killed in the midst of a transaction: whoever starts with its id afterwards waits
 * until that transaction is aborted, nothing of it is ever visible, and the work goes on at once.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Kafka } from '../../broker/kafka.js'
import { newTopic } from '../broker/bench.js'
import {
  newTransactional,
  newTransactionalId,
  onEachLevel,
  readSet,
} from '../broker/transactions.js'

const LIBRARY = new URL('../../../src/index.js', import.meta.url).href
const PARTITIONS = 3
const TIMEOUT_MS = 60_000
const GROUP = 'group-of-the-killed'

/** A moment to die in: the program says `now` when it has come. */
interface Moment {
  readonly name: string
  /** Has `txn`, an open transaction, `send(count)`, `topic` and `now()`. */
  readonly body: string
  /** Whether the transaction may be visible: then as a whole. */
  readonly mayBeSeen?: boolean
}

const MOMENTS: readonly Moment[] = [
  { name: 'after begin', body: `now()` },
  { name: 'after its first record', body: `await send(1); now()` },
  { name: 'amid many records', body: `void send(20_000); now()` },
  { name: 'after all of them', body: `await send(300); await txn.flush(); now()` },
  {
    name: 'after sendOffsets',
    body: `
      await send(300)
      await txn.sendOffsets('${GROUP}', [{ topic, partition: 0, offset: 1000 }])
      now()`,
  },
  { name: 'at the commit', mayBeSeen: true, body: `await send(300); void txn.commit(); now()` },
  { name: 'at the abort', body: `await send(300); void txn.abort(); now()` },
]

interface Plan {
  readonly topic: string
  readonly transactionalId: string
  /** Of its values. */
  readonly name: string
  readonly body: string
}

function program(kafka: Kafka, { topic, transactionalId, name, body }: Plan): string {
  return `
    import { TransactionalProducer } from '${LIBRARY}'
    const brokers = ${JSON.stringify(kafka.bootstrap)}
    const topic = '${topic}'
    const producer = new TransactionalProducer({ brokers, transactionalId: '${transactionalId}' })
    await producer.transaction((txn) => txn.sendAll([{ topic, value: '${name}: before' }]))
    const txn = await producer.begin()
    const send = (count) => Promise.all(Array.from({ length: count }, (_, number) =>
      txn.send({ topic, partition: number % ${PARTITIONS}, value: '${name}: dying' })))
    const now = () => process.stdout.write('now\\n')
    setInterval(() => {}, 1000) // it does not end by itself
    ${body}`
}

/** Runs the program until it says that the moment has come, and kills it. */
async function dieAt(source: string): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const said: string[] = []
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line)
      child.kill('SIGKILL')
    })
  }
  await ended
  clearTimeout(timer)
  if (said.length === 0) throw new Error('the program ended before its moment came')
}

await onEachLevel('killed in a transaction, started again with its id', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  for (const { name, body } of MOMENTS) {
    const transactionalId = newTransactionalId()
    await dieAt(program(kafka, { topic, transactionalId, name, body }))
    const producer = newTransactional(t, kafka, transactionalId)
    await producer.connect()
    await producer.transaction((txn) => txn.sendAll([{ topic, value: `${name}: after` }]))
    await producer.close()
  }
  const values = await readSet(kafka, topic)
  for (const { name, mayBeSeen = false } of MOMENTS) {
    const own = values.filter((value) => value.startsWith(`${name}: `))
    const dying = own.filter((value) => value.endsWith('dying'))
    if (mayBeSeen) t.ok([0, 300].includes(dying.length), `${name}, all or nothing: ${dying.length}`)
    else t.strictSame(dying, [], name)
    t.equal(own.length - dying.length, 2, `${name}: what was committed before and after`)
  }
  t.strictSame(await kafka.committedOffsets(GROUP, topic), [])
})

await onEachLevel('killed ten times in a row: no transaction is left open', async (t, kafka) => {
  const [topic, transactionalId] = [await newTopic(kafka), newTransactionalId()]
  const source = program(kafka, {
    topic,
    transactionalId,
    name: 'it',
    body: `await send(1); now()`,
  })
  for (let i = 0; i < 10; i++) await dieAt(source)
  const producer = newTransactional(t, kafka, transactionalId)
  await producer.connect()
  const values = await readSet(kafka, topic)
  t.strictSame(
    values,
    Array.from({ length: 10 }, () => 'it: before'),
  )
})
