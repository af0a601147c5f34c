/**
 * ListOffsets, the one version that a test's admin needs: does this broker serve these partitions
 * as their leader, and where do they end? Metadata cannot tell: a broker knows from the controller
 * that it leads before it has opened the log, and refuses a Produce in between.
 *
 *   request   replicaId int32, isolationLevel int8 [ topic string [ partition int32, timestamp int64 ] ]
 *   response  throttleTimeMs int32
 *             [ topic string [ partition int32, errorCode int16, timestamp int64, offset int64 ] ]
 *
 * Spec: ListOffsetsRequest.json v2, not flexible. Neighbours: admin.ts, transactions.ts.
 */
import type { ClientApi } from './ask.js'
import type { IsolationLevel } from './read-topic.js'

/** Version 2 is spoken by every broker from 0.11 to 4.x. */
export const LIST_OFFSETS_VERSION = 2

const CONSUMER_REPLICA_ID = -1
const LATEST_TIMESTAMP = -1n

/** The partitions of one topic that one broker leads. */
export interface ListOffsetsRequest {
  readonly topic: string
  readonly partitions: readonly number[]
  /** At `read_committed` a partition ends where its first undecided transaction begins. */
  readonly isolationLevel?: IsolationLevel
}

/** One per partition asked for. */
export interface ListedOffset {
  readonly partition: number
  readonly errorCode: number
  /** The end of the log: the offset that the next record will have. -1n with an error. */
  readonly offset: bigint
}

export const listOffsets: ClientApi<ListOffsetsRequest, readonly ListedOffset[]> = {
  name: 'ListOffsets',
  key: 2,
  minVersion: LIST_OFFSETS_VERSION,
  maxVersion: LIST_OFFSETS_VERSION,
  flexibleFrom: 6,

  encodeRequest(writer, request) {
    writer.writeInt32(CONSUMER_REPLICA_ID)
    writer.writeInt8(request.isolationLevel === 'read_committed' ? 1 : 0)
    writer.writeArray([request], false, ({ topic, partitions }) => {
      writer.writeString(topic, false)
      writer.writeArray(partitions, false, (partition) => {
        writer.writeInt32(partition)
        writer.writeInt64(LATEST_TIMESTAMP)
      })
    })
  },

  decodeResponse(reader) {
    reader.readInt32() // throttleTimeMs
    const topics = reader.readArray(
      false,
      () => {
        reader.readString(false)
        return reader.readArray(false, () => readOffset(), 22)
      },
      6,
    )
    return topics.flat()

    function readOffset(): ListedOffset {
      const partition = reader.readInt32()
      const errorCode = reader.readInt16()
      reader.readInt64() // the timestamp, of no use here
      return { partition, errorCode, offset: reader.readInt64() }
    }
  },
}
