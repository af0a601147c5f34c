/** Programs with transactional producers end by themselves, whatever became of the transactions. */
import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const LIBRARY = new URL('../../../src/index.js', import.meta.url).href
const TESTING = new URL('../../../src/testing/cluster.js', import.meta.url).href
const TIMEOUT_MS = 20_000

const PROGRAMS: Readonly<Record<string, string>> = {
  'that commits, aborts and closes': `
    await producer.transaction((txn) => txn.send(record))
    const second = await producer.begin()
    await second.send(record)
    await second.abort()
    await producer.close()`,
  'that closes over an open transaction': `
    const txn = await producer.begin()
    await txn.send(record)
    txn.enqueue(record)
    await producer.close()`,
  'that closes at once': `
    const txn = await producer.begin()
    await txn.send(record)
    await producer.close({ timeoutMs: 0 })`,
  'that is fenced, with calls that nobody waits for': `
    const txn = await producer.begin()
    await txn.send(record)
    const newer = new TransactionalProducer({ brokers, transactionalId: 'tx' })
    await newer.connect()
    await txn.commit().catch((error) => print(error.code))
    await newer.close()
    await producer.close()`,
  'that fails without anybody who listens': `
    cluster.failNext('Produce', { errorCode: 87 })
    const txn = await producer.begin()
    txn.enqueue(record)
    await txn.flush()
    await txn.abort()
    await producer.close()`,
  'whose pool closes': `
    const pool = new TransactionalPool({ brokers, transactionalId: 'pool', size: 3 })
    await Promise.all([1, 2, 3, 4].map(() => pool.transaction((txn) => txn.send(record))))
    await pool.close()
    await producer.close()`,
  'that disposes of both': `
    {
      const txn = await producer.begin()
      await txn.send(record)
      await txn[Symbol.asyncDispose]()
    }
    await producer[Symbol.asyncDispose]()`,
}

for (const [name, body] of Object.entries(PROGRAMS)) {
  t.test(`a program ${name} ends`, async (t) => {
    const program = `
      import { TransactionalPool, TransactionalProducer } from '${LIBRARY}'
      import { TestCluster } from '${TESTING}'
      const print = (text) => void process.stdout.write(text + ' ')
      const cluster = await TestCluster.start({ topics: { orders: {} } })
      const brokers = cluster.bootstrap
      const record = { topic: 'orders', value: 'v' }
      const logger = { debug() {}, info() {}, warn() {}, error() {} }
      const producer = new TransactionalProducer({ brokers, transactionalId: 'tx', logger })
      ${body}
      await cluster.close()
      print('done')`
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
    t.equal(code, 0, output)
    t.match(output, /done/)
  })
}
