/**
 * What every test of transactions against a real Kafka begins with: each level of the protocol that the
 * version has, a producer that is given up when the test ends, and what a consumer sees.
 */
import type { Test } from 'tap'
import {
  TransactionalProducer,
  type ProducerOptions,
  type Transaction,
} from '../../../src/index.js'
import { brokerTest } from '../../broker/broker-test.js'
import type { Kafka, StartOptions } from '../../broker/kafka.js'
import type { IsolationLevel } from '../../broker/read-topic.js'
import { untilDecided } from '../../broker/transactions.js'
import type { Environment } from '../../../src/producer/environment.js'

export const ADD_PARTITIONS_TO_TXN_KEY = 24
export const END_TXN_KEY = 26

type Options = Omit<ProducerOptions, 'brokers' | 'acks' | 'idempotence'> & {
  readonly transactionTimeoutMs?: number
}

/** Whether the Kafka of this run has levels to choose from; without one around it, the pinned one has. */
export const HAS_LEVELS = !/^[23]\./.test(process.env.OTTLA_KAFKA_VERSION ?? '')

let ids = 0

/** One that no other test uses, nor an earlier run on the same Kafka. */
export function newTransactionalId(): string {
  return `txn-test-${process.pid}-${Date.now()}-${ids++}`
}

/** Runs a test at each level: from 4.0 at 2, the default, and at 1; before, at the one there is. */
export async function onEachLevel(
  name: string,
  body: (t: Test, kafka: Kafka) => Promise<void>,
  options: StartOptions = {},
): Promise<void> {
  if (!HAS_LEVELS) return brokerTest(name, body, options)
  await brokerTest(`${name} (transaction.version 2)`, body, options)
  const atOne = { ...options, own: true, transactionVersion: 1 }
  await brokerTest(`${name} (transaction.version 1)`, body, atOne)
}

/** A transactional producer for this Kafka; given up, not drained, when the test ends. */
export function newTransactional(
  t: Test,
  kafka: Kafka,
  transactionalId: string,
  options: Options = {},
  environment?: Environment,
): TransactionalProducer {
  const all = { brokers: kafka.bootstrap, transactionalId, ...options }
  const producer = new TransactionalProducer(all, environment)
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  return producer
}

/** Values by partition, each in order of offset; once every transaction in the topic is decided. */
export async function readValues(
  kafka: Kafka,
  topic: string,
  isolationLevel: IsolationLevel = 'read_committed',
): Promise<string[][]> {
  if (isolationLevel === 'read_committed') await untilDecided(kafka.bootstrap, topic)
  const values: string[][] = []
  await kafka.readTopic(topic, {
    isolationLevel,
    onRecord: ({ partition, value }) => (values[partition] ??= []).push(String(value)),
  })
  return Array.from(values, (found: string[] | undefined) => found ?? [])
}

/** The same of all partitions, sorted. */
export async function readSet(
  kafka: Kafka,
  topic: string,
  isolationLevel: IsolationLevel = 'read_committed',
): Promise<string[]> {
  return (await readValues(kafka, topic, isolationLevel)).flat().sort()
}

/** The error that a promise rejects with; null where it resolves. */
export async function errorOf(promise: Promise<unknown>): Promise<Error | null> {
  return promise.then(
    () => null,
    (error: unknown) => error as Error,
  )
}

/** Sends `name-0` to `name-<count - 1>`, to the partitions in turn. */
export function sendSome(
  txn: Transaction,
  topic: string,
  name: string,
  count: number,
  partitions = 1,
): Promise<unknown>[] {
  return Array.from({ length: count }, (_, i) =>
    txn.send({ topic, partition: i % partitions, value: `${name}-${i}` }),
  )
}
