/**
 * The program that every project runs: a record sent to a cluster within the process, in each form
 * that a project may want.
 */

/** What the programs print where all is well. */
export const SENT = 'sent a record to 0'

const BODY = `
async function main() {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const producer = new Producer({ brokers: cluster.bootstrap })
  const { offset } = await producer.send({ topic: 'orders', value: 'a record' })
  await producer.close()
  const [record] = cluster.records('orders')
  await cluster.close()
  return \`sent \${record?.value?.toString()} to \${offset}\`
}
`

const RUN = `main().then((text) => console.log(text))\n`

export const IMPORTS = `import { Producer } from 'ottla'\nimport { TestCluster } from 'ottla/testing'\n`
export const REQUIRES = `const { Producer } = require('ottla')\nconst { TestCluster } = require('ottla/testing')\n`

export const ES_MODULE = IMPORTS + BODY + RUN
export const COMMONJS = REQUIRES + BODY + RUN

/** A test in the style of Jest: `test` and `expect` are global, or imported by `head`. */
export function testFile(head: string): string {
  return `${head}${BODY}
test('sends', async () => { expect(await main()).toBe('${SENT}') })
`
}

/** The same under fake timers, which `fake` puts up: when all is loaded, or before anything is. */
export function fakedTestFile(fake: string, head: string, when: 'loaded' | 'before'): string {
  const [first, then] = when === 'before' ? [fake, ''] : ['', fake]
  return `${first}\n${head}${BODY}
test('sends', async () => {
  ${then}
  const began = performance.now()
  expect(await main()).toBe('${SENT}')
  expect(performance.now()).toBe(began)
})
`
}

/** A test in the style of Mocha. */
export function mochaFile(head: string): string {
  return `${head}${BODY}
it('sends', async () => { if (await main() !== '${SENT}') throw new Error('not sent') })
`
}

/** What TypeScript looks at: values and types of both entries, in a project that has no @types/node. */
export const TYPED = `
import { ConfigError, DeliveryError, Producer, SendAllError, json, type Interceptor, type Logger, type ProducerRecord, type RecordMetadata } from 'ottla'
import { ErrorCodes, TestCluster, type StoredRecord } from 'ottla/testing'
declare const console: { log(text: string): void }
${BODY}
export const record: ProducerRecord<string, { total: number }> = { topic: 'orders', key: 'k', value: { total: 1 } }
export const typed = (brokers: string, logger: Logger) =>
  new Producer<string, { total: number }>({ brokers, logger, serializers: { value: json() } })
export const code: number = ErrorCodes.NOT_LEADER_OR_FOLLOWER
export const text = (it: StoredRecord): string | undefined => it.value?.toString('hex')
export function outcome(error: unknown): string {
  if (error instanceof DeliveryError) return error.outcome
  return error instanceof ConfigError ? error.code : ''
}
export const counting: Interceptor = { onSend: (it) => ({ ...it, headers: { id: '1' } }), onOutcome: ({ error }) => console.log(error?.outcome ?? '') }
export function streams(producer: Producer): boolean {
  const stream = producer.createWriteStream({ topic: 'orders', onError: 'continue' })
  stream.on('recordError', (error) => console.log(error.outcome)).once('finish', () => console.log('done'))
  producer.createWritableStream({ toRecord: (total: number) => ({ topic: 'orders', value: String(total) }) })
  return stream.write('a record')
}
export async function each(producer: Producer, source: AsyncIterable<ProducerRecord>): Promise<void> {
  for await (const { index, metadata, error } of producer.sendEach(source)) {
    console.log(error === null ? String(metadata.offset) : index + error.outcome)
  }
  await producer.sendAll(source)
}
export function fates(error: unknown): string[] {
  if (!(error instanceof SendAllError)) return []
  return error.results.map((it) => it.status === 'fulfilled' ? String(it.value.offset) : it.reason.outcome)
}
export const mock: RecordMetadata = { topic: 'orders', partition: 0, offset: 1n, timestamp: 1 }
// @ts-expect-error -- what is spread has no fields left
export const spread = { ...mock }.offset
// @ts-expect-error -- so are those of streams
export const wrongChunk = (producer: Producer) => producer.createWriteStream().write({ topic: 1 })
// @ts-expect-error -- the types are real ones, not any
export const wrong = (producer: Producer) => producer.send({ topic: 1 })
${RUN}`
