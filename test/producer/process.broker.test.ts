/**
 * When a program that uses a producer ends by itself: an idle producer keeps nothing alive, records
 * under way and every call that waits do; after `close` nothing is left open.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newTopic } from './broker/bench.js'

const LIBRARY = new URL('../../src/index.js', import.meta.url).href
const TIMEOUT_MS = 20_000 // less than any time-out of the producer that could end the program by itself

interface Ended {
  /** Null where the program did not end by itself. */
  readonly code: number | null
  readonly output: string
}

/** Runs a program that has `Producer`, `brokers`, `topic` and `print`, to its end. */
async function runProgram(kafka: Kafka, topic: string, body: string): Promise<Ended> {
  const program = `
    import { Producer } from '${LIBRARY}'
    const brokers = ${JSON.stringify(kafka.bootstrap)}
    const topic = '${topic}'
    const nowhere = ['127.0.0.1:1']
    const print = (text) => void process.stdout.write(text + ' ')
    ${body}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, output: output.trim() }
}

interface Program {
  readonly name: string
  readonly body: string
  readonly output: string
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'one that only makes a producer ends',
    body: `new Producer({ brokers })`,
    output: '',
  },
  {
    name: 'an idle producer does not keep it alive, after connect',
    body: `await new Producer({ brokers }).connect(); print('connected')`,
    output: 'connected',
  },
  {
    name: 'nor after a send',
    body: `const { offset } = await new Producer({ brokers }).send({ topic, value: 'x' }); print('acked')`,
    output: 'acked',
  },
  {
    name: 'nor after partitionsFor and flush',
    body: `
      const producer = new Producer({ brokers })
      print((await producer.partitionsFor(topic)).length)
      await producer.flush()
      print('flushed')`,
    output: '1 flushed',
  },
  {
    name: 'records under way do, until they are acked',
    body: `
      const producer = new Producer({ brokers })
      for (let i = 0; i < 3; i++) producer.enqueue({ topic, value: 'x' }, (e) => print(e ?? 'acked'))`,
    output: 'acked acked acked',
  },
  {
    name: 'and while they linger',
    body: `
      const producer = new Producer({ brokers, lingerMs: 300 })
      await producer.partitionsFor(topic)
      producer.enqueue({ topic, value: 'x' }, (e) => print(e ?? 'acked'))`,
    output: 'acked',
  },
  {
    name: 'and with acks 0',
    body: `
      const producer = new Producer({ brokers, acks: 0 })
      producer.enqueue({ topic, value: 'x' }, (e, m) => print(e ?? m.offset))`,
    output: '-1',
  },
  {
    name: 'and while no broker answers, until they have failed',
    body: `
      const producer = new Producer({ brokers: nowhere, maxBlockMs: 700 })
      producer.enqueue({ topic, value: 'x' }, (e) => print(e.code))`,
    output: 'ERR_OTTLA_TOPIC_UNAVAILABLE',
  },
  {
    name: 'every call that waits in vain is settled before it ends',
    body: `
      const producer = new Producer({ brokers: nowhere, maxBlockMs: 700 })
      const told = (name) => (error) => print(name + ':' + error.code)
      await producer.connect().catch(told('connect'))
      await producer.partitionsFor(topic).catch(told('partitionsFor'))
      await producer.send({ topic, value: 'x' }).catch(told('send'))
      const sent = producer.send({ topic, value: 'x' }).catch(told('send'))
      await producer.flush()
      await sent
      await producer.close()
      print('closed')`,
    output: [
      'connect:ERR_OTTLA_TIMEOUT',
      'partitionsFor:ERR_OTTLA_TOPIC_UNAVAILABLE',
      'send:ERR_OTTLA_TOPIC_UNAVAILABLE',
      'send:ERR_OTTLA_TOPIC_UNAVAILABLE',
      'closed',
    ].join(' '),
  },
  {
    name: 'a send to a topic that will not be, with a broker that answers',
    body: `
      const producer = new Producer({ brokers, maxBlockMs: 700 })
      await producer.send({ topic, value: 'x', partition: 99 }).catch((e) => print(e.code))`,
    output: 'ERR_OTTLA_TOPIC_UNAVAILABLE',
  },
  {
    name: 'a slow serializer keeps it alive until its record is settled',
    body: `
      const slow = (value) => new Promise((resolve) => setTimeout(resolve, 300, value).unref())
      const producer = new Producer({ brokers, serializers: { value: slow } })
      const { offset } = await producer.send({ topic, value: 'x' })
      print('acked')`,
    output: 'acked',
  },
  {
    name: 'after close no socket and no timer is left',
    body: `
      const producer = new Producer({ brokers })
      await producer.sendAll([{ topic, value: 'x' }, { topic, value: 'y' }])
      producer.enqueue({ topic, value: 'x' })
      await producer.close()
      await new Promise(setImmediate)
      const kinds = process.getActiveResourcesInfo()
      print(JSON.stringify(kinds.filter((kind) => /TCP|Timeout|DNS|GetAddrInfo/.test(kind))))`,
    output: '[]',
  },
  {
    name: 'a close that gives up lets it end, whatever is being dialled or asked',
    body: `
      import { createServer } from 'node:net'
      const mute = createServer(() => {}).listen(0, '127.0.0.1').unref()
      const { port } = await new Promise((resolve) => mute.on('listening', () => resolve(mute.address())))
      const producer = new Producer({ brokers: ['127.0.0.1:' + port, ...nowhere] })
      const sent = producer.send({ topic, value: 'x' }).catch((e) => print(e.code))
      await new Promise((resolve) => setTimeout(resolve, 100))
      await producer.close({ timeoutMs: 0 })
      await sent`,
    output: 'ERR_OTTLA_CLOSED',
  },
]

await brokerTest('programs end when nothing is under way, and not before', async (t, kafka) => {
  const topic = await newTopic(kafka)
  for (const { name, body, output } of PROGRAMS) {
    t.strictSame(await runProgram(kafka, topic, body), { code: 0, output }, name)
  }
})
