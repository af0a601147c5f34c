/**
 * Sets and lifts the quota of one client id while it produces. A JVM for each (Kafka's kafka-configs)
 * would take seconds.
 *
 *   AlterClientQuotas v0  request   [ [ entityType string, entityName nullable string ]
 *                                     [ key string, value float64, remove boolean ] ]
 *                                   validateOnly boolean
 *                         response  throttleTimeMs int32 [ errorCode int16, errorMessage nullable
 *                                   string, [ entityType string, entityName nullable string ] ]
 *
 * Spec: AlterClientQuotasRequest.json. Neighbours: topic-admin.ts, test/broker/ask.ts.
 */
import { errorCode } from '../../../src/protocol/error-codes.js'
import { ask, type ClientApi } from '../../broker/ask.js'
import type { Kafka } from '../../broker/kafka.js'

interface QuotaChange {
  readonly clientId: string
  /** Bytes a second that its Produce requests may have, at each broker; null: as many as they like. */
  readonly producerByteRate: number | null
}

const alterClientQuotas: ClientApi<QuotaChange, number> = {
  name: 'AlterClientQuotas',
  key: 49,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 1,
  encodeRequest(writer, { clientId, producerByteRate }) {
    writer.writeArray([clientId], false, () => {
      writer.writeArray([clientId], false, () => {
        writer.writeString('client-id', false)
        writer.writeNullableString(clientId, false)
      })
      writer.writeArray([producerByteRate], false, (rate) => {
        writer.writeString('producer_byte_rate', false)
        const value = Buffer.alloc(8)
        value.writeDoubleBE(rate ?? 0)
        writer.writeInt64(value.readBigInt64BE())
        writer.writeBoolean(rate === null)
      })
    })
    writer.writeBoolean(false)
  },
  decodeResponse(reader) {
    reader.readInt32()
    const [code] = reader.readArray(
      false,
      () => {
        const code = reader.readInt16()
        reader.readNullableString(false)
        reader.readArray(
          false,
          () => (reader.readString(false), reader.readNullableString(false)),
          4,
        )
        return code
      },
      8,
    )
    return code ?? -1
  },
}

/** Sets the producer quota of a client id, or lifts it. */
export async function setProducerQuota(kafka: Kafka, change: QuotaChange): Promise<void> {
  const code = await ask(kafka.bootstrap[0] as string, alterClientQuotas, 0, change)
  if (code !== 0) throw new Error(`the quota was not changed: ${errorCode(code).name}`)
}
