/**
 * Confluent's own deserialisers, which say what a consumer makes of what Ottla has written: those of
 * `@confluentinc/schemaregistry`, installed by npm into the cache the first time (readers/ has the
 * lock file). Where they cannot be installed the test is skipped, and says so loudly.
 *
 * Neighbours: registry-test.ts has the registry that they ask.
 */
import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Test } from 'tap'
import { cachedFolder } from '../broker/cache.js'
import { run } from '../broker/java.js'
import { projectFile } from '../broker/project.js'
import type { SchemaType } from '../../src/schema-registry/schema-registry.js'

const PACKAGE = '@confluentinc/schemaregistry'
const INSTALL_TIMEOUT_MS = 600_000

/** A record's headers by name. */
export type ReadHeaders = Readonly<Record<string, Buffer>>

/** One deserialiser. */
export interface ConfluentReader {
  deserialize(topic: string, payload: Buffer, headers?: ReadHeaders): Promise<unknown>
}

/** As much of the package as is used. */
interface ConfluentPackage {
  readonly SerdeType: Readonly<Record<'KEY' | 'VALUE', unknown>>
  readonly SchemaRegistryClient: new (config: object) => object
  readonly AvroDeserializer: DeserializerClass
  readonly JsonDeserializer: DeserializerClass
  readonly ProtobufDeserializer: DeserializerClass
}

type DeserializerClass = new (client: object, part: unknown, config: object) => ConfluentReader

/** How a deserialiser reads. */
export interface ReaderOptions {
  readonly part?: 'KEY' | 'VALUE'
  /** With the subject's latest schema, whatever the record was written with. */
  readonly useLatest?: boolean
}

/** Makes Confluent's deserialisers. */
export class Readers {
  readonly #package: ConfluentPackage

  constructor(loaded: ConfluentPackage) {
    this.#package = loaded
  }

  reader(type: SchemaType, url: string, options: ReaderOptions = {}): ConfluentReader {
    const { AvroDeserializer, JsonDeserializer, ProtobufDeserializer } = this.#package
    const classes = {
      AVRO: AvroDeserializer,
      JSON: JsonDeserializer,
      PROTOBUF: ProtobufDeserializer,
    }
    const client = new this.#package.SchemaRegistryClient({ baseURLs: [url] })
    return new classes[type](client, this.#package.SerdeType[options.part ?? 'VALUE'], {
      subjectNameStrategyType: 'TOPIC',
      useLatestVersion: options.useLatest ?? false,
      ...(type === 'JSON' && { validate: true }),
    })
  }
}

let shared: Promise<Readers | string> | undefined

/** The readers; null where there are none: the test is then skipped, and has nothing more to do. */
export async function withReaders(test: Test): Promise<Readers | null> {
  shared ??= readersOrReason((line) => test.comment(line))
  const readers = await shared
  if (typeof readers !== 'string') return readers
  test.plan(0, readers)
  return null
}

async function readersOrReason(log: (line: string) => void): Promise<Readers | string> {
  try {
    const folder = await installed(log)
    return new Readers(createRequire(join(folder, 'package.json'))(PACKAGE) as ConfluentPackage)
  } catch (error) {
    const reason = `${PACKAGE} cannot be installed: ${(error as Error).message}`
    const line = '!'.repeat(100)
    process.stderr.write(
      `${line}\n${reason}\nNOTHING IS READ BACK BY CONFLUENT'S DESERIALISERS.\n${line}\n`,
    )
    return reason
  }
}

/** The folder with the package, of this lock file. */
async function installed(log: (line: string) => void): Promise<string> {
  const source = projectFile('test', 'schema-registry', 'readers')
  const lock = await readFile(join(source, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 16)
  return cachedFolder(`confluent-readers-${digest}`, async (partial) => {
    log(`installing ${PACKAGE} with npm (170 MB)`)
    for (const name of ['package.json', 'package-lock.json']) {
      await copyFile(join(source, name), join(partial, name))
    }
    const flags = ['--prefix', partial, '--ignore-scripts', '--no-audit', '--no-fund']
    await run(['npm', 'ci', ...flags], { timeoutMs: INSTALL_TIMEOUT_MS })
  })
}
