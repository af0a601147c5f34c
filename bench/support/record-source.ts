/**
 * Record number i of a task: value, key, headers and partition. The same for every client.
 */
import type { SubjectTask } from '../contract.js'
import { readValues } from './values.js'

const KEY_COUNT = 1000

export class RecordSource {
  readonly #values: readonly string[]
  readonly #payloads: readonly (string | Uint8Array)[]
  readonly #keys: readonly string[]
  readonly #busyPartitions: number

  constructor(task: SubjectTask) {
    this.#values = readValues(task.valuesFile)
    this.#payloads = task.valuesAreBase64
      ? this.#values.map((value) => Buffer.from(value, 'base64'))
      : this.#values
    this.#keys = task.keysAndHeaders
      ? Array.from({ length: KEY_COUNT }, (_, index) => `key-${index}`)
      : task.keys
    this.#busyPartitions = task.busyPartitions
  }

  value(index: number): string {
    return this.#values[index % this.#values.length] ?? ''
  }

  /** The same, or the bytes that it stands for. */
  payload(index: number): string | Uint8Array {
    return this.#payloads[index % this.#payloads.length] ?? ''
  }

  /** Undefined where records have no keys. */
  key(index: number): string | undefined {
    return this.#keys[index % this.#keys.length]
  }

  /** Undefined where the partitioner decides. */
  partition(index: number): number | undefined {
    return this.#busyPartitions === 0 ? undefined : index % this.#busyPartitions
  }
}

/** The headers of records with keys. */
export const HEADERS = { source: 'bench', trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-01' }
