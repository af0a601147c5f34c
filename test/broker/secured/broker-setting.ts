/**
 * Changes a setting of a broker that is up: those that Kafka calls dynamic (KIP-226).
 *
 *   IncrementalAlterConfigs v0   request  [ type int8, name, [ name, operation int8, value ] ] bool
 *                                response throttle int32 [ errorCode, errorMessage, type, name ]
 *
 * Spec: IncrementalAlterConfigsRequest.json, not flexible; KIP-339.
 */
import { ask, type ClientApi } from '../ask.js'

const BROKER = 4
const SET = 0

type Settings = Readonly<Record<string, string>>

/** Of the one broker, whose id is 1; all at once. The broker may follow them a moment later. */
export async function alterBrokerSettings(address: string, settings: Settings): Promise<void> {
  const { errorCode, message } = await ask(address, incrementalAlterConfigs, 0, settings)
  if (errorCode === 0) return
  const names = Object.keys(settings).join(', ')
  throw new Error(`${names} cannot be altered: error ${errorCode}, ${String(message)}`)
}

const incrementalAlterConfigs: ClientApi<
  Settings,
  { readonly errorCode: number; readonly message: string | null }
> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 1,

  encodeRequest(writer, settings) {
    writer.writeArray([settings], false, () => {
      writer.writeInt8(BROKER)
      writer.writeString('1', false)
      writer.writeArray(Object.entries(settings), false, ([name, value]) => {
        writer.writeString(name, false)
        writer.writeInt8(SET)
        writer.writeNullableString(value, false)
      })
    })
    writer.writeBoolean(false) // do it, and not only check it
  },

  decodeResponse(reader) {
    reader.readInt32() // throttle
    reader.readInt32() // one result, for one broker
    return { errorCode: reader.readInt16(), message: reader.readNullableString(false) }
  },
}
