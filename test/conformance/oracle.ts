/**
 * Kafka's own codec as the judge of ours: what Kafka 4.3's Java classes make of a message, a batch
 * or a key. Oracle.java does the work in one process per test file.
 *
 * Neighbours: oracle-process.ts is the pipe; kafka-json.ts turns our messages into Kafka's JSON.
 */
import t, { type Test } from 'tap'
import type { CompressionName } from '../../src/compression/codec.js'
import { whyNoJava } from '../broker/java.js'
import { kafkaClassPath } from '../broker/jars.js'
import { kafkaVersion, PINNED_VERSION } from '../broker/versions.js'
import { OracleProcess } from './oracle-process.js'

const TIMEOUT_MS = 240_000

/** A message of Kafka's, by the name of its class without `Data`, in one version. */
export interface MessageId {
  readonly name: string
  readonly version: number
}

/** How `encode` may differ from the plain case. */
export interface EncodeOptions {
  /** The version whose fields the JSON has; Kafka has defaults for the others. */
  readonly readVersion?: number
  /** Content of a tagged field that nobody knows, put into every struct. */
  readonly unknownTag?: Uint8Array
}

/** A record, as Kafka's builder takes it. */
export interface PlainRecord {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array | null }[]
}

/** A batch for Kafka to build. What is left out is as a producer without idempotence has it. */
export interface BatchPlan {
  readonly compression?: CompressionName
  readonly level?: number
  readonly baseOffset?: bigint
  readonly partitionLeaderEpoch?: number
  /** Milliseconds; with it the batch has the broker's time. */
  readonly logAppendTime?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly records: readonly PlainRecord[]
}

/** The control batch that ends a transaction in a partition. */
export interface EndMarkerPlan {
  readonly baseOffset: bigint
  /** Milliseconds. */
  readonly timestamp: number
  readonly partitionLeaderEpoch: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  /** False: abort. */
  readonly isCommit: boolean
}

/** Kafka's answers; they reject with `KafkaRefusal` where Kafka throws. */
export class Oracle {
  readonly #process: OracleProcess

  constructor(process: OracleProcess) {
    this.#process = process
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The bytes of a message; `json` as `kafkaJson` makes it. */
  async encode(id: MessageId, json: unknown, options: EncodeOptions = {}): Promise<Buffer> {
    return bytesOf(await this.ask({ op: 'encode', ...id, json, ...options }))
  }

  /** The JSON of a message, with every number as text. */
  decode(id: MessageId, bytes: Uint8Array): Promise<unknown> {
    return this.ask({ op: 'decode', ...id, bytes })
  }

  /** The versions of the headers in front of a request and its response. */
  async headerVersions(
    apiKey: number,
    version: number,
  ): Promise<{ request: number; response: number }> {
    const answer = await this.ask({ op: 'headerVersions', apiKey, version })
    const { request, response } = answer as { request: string; response: string }
    return { request: Number(request), response: Number(response) }
  }

  async buildBatch(plan: BatchPlan): Promise<Buffer> {
    return bytesOf(await this.ask({ op: 'buildBatch', ...plan }))
  }

  async buildEndMarker(plan: EndMarkerPlan): Promise<Buffer> {
    return bytesOf(await this.ask({ op: 'endMarker', ...plan }))
  }

  /** The batches that lie in `bytes`, checked and with their records; numbers as text. */
  async parseBatches(bytes: Uint8Array): Promise<readonly unknown[]> {
    return (await this.ask({ op: 'parseBatches', bytes })) as unknown[]
  }

  /** Hash and partition of each key. */
  async partitions(
    keys: readonly Uint8Array[],
    partitionCount: number,
  ): Promise<{ murmur2: number; partition: number }[]> {
    const answer = await this.ask({ op: 'partitions', keys, partitionCount })
    return (answer as { murmur2: string; partition: string }[]).map((it) => ({
      murmur2: Number(it.murmur2),
      partition: Number(it.partition),
    }))
  }

  /** Kafka's table of error codes, NONE included; the codes as text. */
  async errors(): Promise<readonly unknown[]> {
    return (await this.ask({ op: 'errors' })) as unknown[]
  }

  /** A question in its raw form, in which bytes and bigints may stand anywhere. */
  ask(question: object): Promise<unknown> {
    return this.#process.ask(jsonText(question))
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}

/** Starts an oracle, fetching Kafka's jars first if need be. Whoever starts it stops it. */
export async function startOracle(log: (line: string) => void): Promise<Oracle> {
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), log)
  return new Oracle(new OracleProcess(classPath))
}

let shared: Promise<Oracle | string> | undefined

/** A tap test with the file's oracle; skipped by name, with the reason, where none can be had. */
export async function oracleTest(
  name: string,
  body: (t: Test, oracle: Oracle) => Promise<void>,
): Promise<void> {
  shared ??= oracleOrReason()
  const oracle = await shared
  if (typeof oracle === 'string') await t.test(name, { skip: oracle }, async () => {})
  else await t.test(name, { timeout: TIMEOUT_MS }, (t) => body(t, oracle))
}

async function oracleOrReason(): Promise<Oracle | string> {
  if (process.env.OTTLA_NO_BROKER === '1') return 'OTTLA_NO_BROKER=1'
  const noJava = await whyNoJava()
  if (noJava !== null) return noJava
  try {
    const oracle = await startOracle((line) => t.comment(line))
    t.teardown(() => oracle.stop())
    return oracle
  } catch (error) {
    return `Kafka's jars cannot be had: ${(error as Error).message.split('\n', 1)[0]}`
  }
}

function bytesOf(answer: unknown): Buffer {
  return Buffer.from(answer as string, 'base64')
}

/** JSON with what JavaScript's own lacks: int64 as digits, bytes as base64. Undefined is left out. */
function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  const texts = fields.map(([name, field]) => `${JSON.stringify(name)}:${jsonText(field)}`)
  return `{${texts.join(',')}}`
}
