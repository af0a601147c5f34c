/**
 * A whole producer, with secrets that are marked, through every way in which a login or TLS fails: no
 * error, cause, log line (debug too), warning of the process, metric or print of the producer has one.
 */
import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import type { ProducerOptions } from '../../src/index.js'
import { Producer } from '../../src/producer/producer.js'
import { ErrorCodes, TestCluster, type Fault } from '../../src/testing/cluster.js'
import { everythingOf, failureOf } from '../network/sasl/support.js'

const MARK = 'SECRET4711'
const PASSWORD = `${MARK}-password`
const SHAPES = [
  MARK,
  MARK.toLowerCase(),
  Buffer.from(MARK).toString('hex'),
  ...[0, 1, 2].map((shift) => {
    return Buffer.from(' '.repeat(shift) + MARK)
      .toString('base64')
      .slice(4, 12)
  }),
]

/** Nothing of what was seen has a mark, in any of its shapes. */
function checkHidden(t: Test, what: string, seen: readonly unknown[]): void {
  const text = seen.map((it) => everythingOf(it)).join('\n')
  for (const shape of SHAPES) t.notOk(text.includes(shape), `${what}: ${shape}`)
}

const warnings: unknown[] = []
const onWarning = (warning: Error): void => void warnings.push(warning)
process.on('warning', onWarning)
t.teardown(() => process.off('warning', onWarning))

type Sasl = NonNullable<ProducerOptions['sasl']>

const SASL: Record<string, Sasl> = {
  PLAIN: { mechanism: 'PLAIN', username: 'alice', password: PASSWORD },
  'SCRAM-SHA-256': { mechanism: 'SCRAM-SHA-256', username: 'alice', password: PASSWORD },
  'SCRAM-SHA-512': { mechanism: 'SCRAM-SHA-512', username: 'alice', password: () => PASSWORD },
  OAUTHBEARER: { mechanism: 'OAUTHBEARER', token: async () => ({ token: `${MARK}.token` }) },
  custom: { mechanism: 'PLAIN', authenticate: async () => Buffer.from(`\0alice\0${PASSWORD}`) },
}

const FAULTS: Record<string, Fault | undefined> = {
  'wrong credentials': undefined,
  '58 with the words of a broker': { errorCode: ErrorCodes.SASL_AUTHENTICATION_FAILED },
  'not now': { errorCode: ErrorCodes.ILLEGAL_SASL_STATE },
  closed: { disconnect: 'after' },
  silent: { silent: true },
  'cut short': { cutAnswerAt: 6 },
  'another answer': { answerBytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') },
}

/** Everything that a producer tells of a failure to send. */
async function tellAll(options: ProducerOptions): Promise<unknown[]> {
  const seen: unknown[] = []
  const log = (facts: object, message?: string): void => void seen.push([facts, message])
  const logger = { debug: log, info: log, warn: log, error: log }
  const limits = { connectionTimeoutMs: 300, maxBlockMs: 400, deliveryTimeoutMs: 1000 }
  const times = { ...limits, requestTimeoutMs: 500, lingerMs: 0 }
  const producer = new Producer({ ...options, ...times, logger })
  seen.push(await failureOf(producer.connect()))
  seen.push(await failureOf(producer.send({ topic: 'orders', value: 'v' })))
  seen.push(producer, producer.metrics())
  await producer.close({ timeoutMs: 0 })
  seen.push(producer)
  return seen
}

for (const [name, sasl] of Object.entries(SASL)) {
  t.test(`${name}: failures tell no secret`, async (t) => {
    for (const [what, fault] of Object.entries(FAULTS)) {
      const cluster = await TestCluster.start({ sasl: { failureDelayMs: 0 } })
      if (fault !== undefined) cluster.failNext('SaslAuthenticate', { ...fault, times: Infinity })
      const seen = await tellAll({ brokers: cluster.bootstrap, sasl })
      await cluster.close()
      t.ok(seen.length > 5, `${what}: something was told`)
      checkHidden(t, what, [...seen, cluster.requests, cluster.sasl.logins])
    }
  })
}

t.test('keys, pass phrases and containers that are refused', async (t) => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const keys = { brokers: ['127.0.0.1:1'] }
  const wrong: ProducerOptions['tls'][] = [
    { key: pem, passphrase: PASSWORD, cert: pem },
    { key: `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----\n`, cert: pem },
    { pfx: Buffer.from(MARK.repeat(20)), passphrase: PASSWORD },
    { ca: MARK },
  ]
  for (const tls of wrong) {
    const error = t.throws(() => new Producer({ ...keys, tls })) as unknown as Error
    t.match(error, { name: 'ConfigError' })
    const text = everythingOf(error)
    for (const shape of SHAPES) t.notOk(text.includes(shape), error.message)
    const body = pem.split('\n')[1] ?? ''
    t.notOk(text.includes(body), 'nor the key itself')
  }
})

t.test('a certificate of ours that the brokers do not take', async (t) => {
  const cluster = await TestCluster.start({ tls: { clientAuth: 'required' } })
  t.teardown(() => cluster.close())
  const other = await TestCluster.start({ tls: true })
  t.teardown(() => other.close())
  const { cert, key } = other.issueCertificate()
  const tls = { ca: cluster.certificateAuthority, cert, key }
  const seen = await tellAll({ brokers: cluster.bootstrap, tls })
  const text = seen.map((it) => everythingOf(it)).join('\n')
  for (const line of key.split('\n').slice(1, 4)) t.notOk(line !== '' && text.includes(line))
})

t.test('nor did the process warn of one', async (t) => {
  checkHidden(t, 'warnings', warnings)
})
