/**
 * What happens to a topic while a producer uses it: deleted, or given more partitions. A JVM for
 * each (Kafka's kafka-topics) would take seconds.
 *
 *   DeleteTopics v1      request   [ name string ], timeoutMs int32
 *                        response  throttleTimeMs int32 [ name string, errorCode int16 ]
 *   CreatePartitions v0  request   [ name string, count int32, assignments null ], timeoutMs int32,
 *                                  validateOnly boolean
 *                        response  throttleTimeMs int32 [ name string, errorCode int16,
 *                                  errorMessage nullable string ]
 *
 * Spec: DeleteTopicsRequest.json, CreatePartitionsRequest.json. Neighbour: test/broker/admin.ts.
 */
import { errorCode } from '../../../src/protocol/error-codes.js'
import { ask, type ClientApi } from '../../broker/ask.js'
import { waitUntil } from '../../broker/wait.js'
import type { Kafka } from '../../broker/kafka.js'

const TIMEOUT_MS = 10_000

interface MorePartitions {
  readonly name: string
  readonly count: number
}

const deleteTopics: ClientApi<string, number> = {
  name: 'DeleteTopics',
  key: 20,
  minVersion: 1,
  maxVersion: 1,
  flexibleFrom: 4,
  encodeRequest(writer, name) {
    writer.writeArray([name], false, (it) => {
      writer.writeString(it, false)
    })
    writer.writeInt32(TIMEOUT_MS)
  },
  decodeResponse(reader) {
    reader.readInt32()
    const [code] = reader.readArray(false, () => (reader.readString(false), reader.readInt16()), 4)
    return code ?? -1
  },
}

const createPartitions: ClientApi<MorePartitions, number> = {
  name: 'CreatePartitions',
  key: 37,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 2,
  encodeRequest(writer, request) {
    writer.writeArray([request], false, ({ name, count }) => {
      writer.writeString(name, false)
      writer.writeInt32(count)
      writer.writeNullableArray<never>(null, false, () => {})
    })
    writer.writeInt32(TIMEOUT_MS)
    writer.writeBoolean(false)
  },
  decodeResponse(reader) {
    reader.readInt32()
    const readCode = (): number => {
      reader.readString(false)
      const code = reader.readInt16()
      reader.readNullableString(false)
      return code
    }
    const [code] = reader.readArray(false, readCode, 6)
    return code ?? -1
  },
}

/** Deletes a topic; with ZooKeeper (before Kafka 3.3) it may still be there for a moment. */
export async function deleteTopic({ bootstrap }: Kafka, name: string): Promise<void> {
  check('DeleteTopics', await ask(bootstrap[0] ?? '', deleteTopics, 1, name))
}

/** Makes a topic anew that was just deleted. */
export async function createAgain(kafka: Kafka, name: string, partitions: number): Promise<void> {
  const create = async (): Promise<boolean> => {
    await kafka.createTopic(name, { partitions })
    return true
  }
  // Refused with TOPIC_ALREADY_EXISTS while it goes.
  await waitUntil(create, { what: `topic ${name} to be made anew`, timeoutMs: 3000 }).catch(
    () => {},
  )
}

/** Gives a topic more partitions, `count` in all. */
export async function addPartitions(
  { bootstrap }: Kafka,
  name: string,
  count: number,
): Promise<void> {
  check('CreatePartitions', await ask(bootstrap[0] ?? '', createPartitions, 0, { name, count }))
}

function check(api: string, code: number): void {
  if (code !== 0) throw new Error(`${api} answered ${errorCode(code).name}`)
}
