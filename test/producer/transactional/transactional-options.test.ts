import t, { type Test } from 'tap'
import { TransactionalPool, TransactionalProducer } from '../../../src/index.js'
import { splitOptions } from '../../../src/producer/transactional/transactional-options.js'
import { localTimeoutMs } from '../../../src/producer/transactions/transaction-job.js'

const BASE = { brokers: 'a:1', transactionalId: 'tx' }

const split = (options: object) => splitOptions({ ...BASE, ...options })
const refused = (t: Test, options: object, message: RegExp): void => {
  t.throws(() => split(options), { name: 'ConfigError', message })
  t.throws(() => new TransactionalProducer({ ...BASE, ...options }), {
    name: 'ConfigError',
    message,
  })
  t.throws(() => new TransactionalPool({ ...BASE, ...options }), { name: 'ConfigError', message })
}

t.test('two options of its own, and those of a producer', async (t) => {
  const { producer, settings } = split({ lingerMs: 7 })
  t.strictSame(settings, { transactionalId: 'tx', transactionTimeoutMs: 60_000 })
  t.strictSame(producer, { brokers: 'a:1', lingerMs: 7, deliveryTimeoutMs: 50_000 })
  t.equal(split({ transactionTimeoutMs: 900_000 }).producer.deliveryTimeoutMs, 120_000)
  t.equal(split({ transactionTimeoutMs: 6000 }).producer.deliveryTimeoutMs, 5000)
  t.equal(split({ deliveryTimeoutMs: 59_999 }).producer.deliveryTimeoutMs, 59_999)
  t.doesNotThrow(() => new TransactionalProducer({ ...BASE, transactionTimeoutMs: 1000 }))
  t.doesNotThrow(
    () => new TransactionalProducer({ ...BASE, acks: 'all', idempotence: true } as never),
  )
})

t.test('its time ends before the coordinator’s', async (t) => {
  t.equal(localTimeoutMs(60_000), 50_000)
  t.equal(localTimeoutMs(900_000), 890_000)
  t.equal(localTimeoutMs(6), 5)
  for (let ms = 2; ms < 100; ms++) t.ok(localTimeoutMs(ms) < ms && localTimeoutMs(ms) >= 1, `${ms}`)
})

t.test('transactionalId', async (t) => {
  for (const transactionalId of [undefined, null, '', 7, {}, 'é'.repeat(16_384)]) {
    refused(t, { transactionalId }, /option transactionalId is .*the same after a restart/)
  }
  split({ transactionalId: 'é'.repeat(16_383) })
  split({ transactionalId: 'a \u{1f600}' })
  for (const half of ['a\ud83d', '\ude00a', '\ude00\ud83d']) {
    refused(t, { transactionalId: half }, /an unpaired surrogate, which UTF-8 cannot carry/)
  }
})

t.test('transactionTimeoutMs', async (t) => {
  for (const transactionTimeoutMs of [0, -1, 1.5, '60000', null, NaN, Infinity, 2 ** 31, 5n]) {
    refused(t, { transactionTimeoutMs }, /option transactionTimeoutMs is .*from 1 to 2147483647/)
  }
})

t.test('what must be less than transactionTimeoutMs', async (t) => {
  for (const name of ['deliveryTimeoutMs', 'requestTimeoutMs', 'lingerMs']) {
    for (const value of [60_000, 120_000]) {
      refused(t, { [name]: value }, new RegExp(`${name} \\(${value}\\) is not less than transactionTimeoutMs \\(60000\\)`))
    }
  }
  refused(t, { deliveryTimeoutMs: 1000, transactionTimeoutMs: 1000 }, /not less/)
}) // prettier-ignore

t.test('what a transaction fixes', async (t) => {
  for (const acks of [0, 1, -1, null]) refused(t, { acks }, /option acks is .*leave acks out/)
  for (const idempotence of [false, null, 'yes'])
    refused(t, { idempotence }, /leave idempotence out/)
  refused(t, { retries: 0 }, /leave retries out/)
})

t.test('other clients’ names, and what is none', async (t) => {
  refused(t, { 'transaction.timeout.ms': 1 }, /did you mean transactionTimeoutMs\?/)
  refused(t, { transactionTimeout: 1 }, /did you mean transactionTimeoutMs\?/)
  refused(t, { 'transactional.id': 'x' }, /did you mean transactionalId\?/)
  const message = /unknown option "nonsense"/
  t.throws(() => new TransactionalProducer({ ...BASE, nonsense: 1 } as never), { message })
  for (const options of [null, undefined, 7, 'tx']) {
    t.throws(() => new TransactionalProducer(options as never), { name: 'ConfigError' })
    t.throws(() => new TransactionalPool(options as never), { name: 'ConfigError' })
  }
})

t.test('the default of deliveryTimeoutMs gives way to what is set', async (t) => {
  for (const [options, deliveryTimeoutMs] of [
    [{ requestTimeoutMs: 55_000 }, 55_000],
    [{ requestTimeoutMs: 40_000, lingerMs: 5 }, 50_000],
    [{ transactionTimeoutMs: 20_000, requestTimeoutMs: 18_000 }, 18_000],
    [{ transactionTimeoutMs: 20_000, lingerMs: 5 }, 16_666],
    [{ transactionTimeoutMs: 900_000, lingerMs: 150_000 }, 180_000],
    [{ transactionTimeoutMs: 900_000, requestTimeoutMs: 200_000, lingerMs: 5 }, 200_005],
  ] as const) {
    t.match(split(options).producer, { deliveryTimeoutMs })
    t.doesNotThrow(() => new TransactionalProducer({ ...BASE, ...options }))
  }
})

t.test('and where it cannot, transactionTimeoutMs is what to raise', async (t) => {
  const message = (sum: string): RegExp =>
    new RegExp(`^${sum} is not less than transactionTimeoutMs \\(60000\\): .*; raise transactionTimeoutMs`)
  refused(t, { lingerMs: 55_000 }, message('lingerMs \\(55000\\) \\+ requestTimeoutMs \\(30000, its default\\)'))
  refused(t, { lingerMs: 30_000, requestTimeoutMs: 30_000 }, message('lingerMs \\(30000\\) \\+ requestTimeoutMs \\(30000\\)'))
  refused(t, { lingerMs: 30_000, requestTimeoutMs: 30_000, deliveryTimeoutMs: 50_000 }, message('lingerMs.*'))
  t.match(split({ lingerMs: 55_000, deliveryTimeoutMs: 59_000 }).producer, { deliveryTimeoutMs: 59_000 })
}) // prettier-ignore

t.test('names that every object has, and options that are not its own', async (t) => {
  t.throws(() => new TransactionalProducer({ ...BASE, ['constructor']: 1 } as never), {
    message: /^unknown option "constructor": the options are/,
  })
  class Config {
    readonly size = 1
    get acks(): string {
      return 'all'
    }
  }
  const message = /^a transactional pool's options: acks comes from a prototype or a getter/
  t.throws(() => new TransactionalPool(Object.assign(new Config(), BASE)), { message })
  const inherited = Object.assign(Object.create({ transactionTimeoutMs: 1000 }), BASE)
  t.throws(() => new TransactionalProducer(inherited as never), {
    name: 'ConfigError',
    message: /^a transactional producer's options: transactionTimeoutMs comes from a prototype/,
  })
})
