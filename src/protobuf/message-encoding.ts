/**
 * Encoding messages of either library: a value is looked over, then encoded by its library.
 *
 * Neighbours: message-check.ts and protobufjs-check.ts look values over; protobuf.ts gives what is
 * encoded here.
 */
import { create, toBinary, type DescMessage } from '@bufbuild/protobuf'
import { SerializationError } from '../errors.js'
import { depthFault, isTooDeep } from '../serialization/too-deep.js'
import { isThrown, thrownWords } from '../thrown.js'
import { messageCheck } from './message-check.js'
import { protobufjsValue, type ProtobufjsType } from './protobufjs-check.js'
import type { Members } from './value-check.js'

/** A message type of one of the libraries, as users hand it in. */
export type MessageSchema = DescMessage | ProtobufjsType

/** One message type: its full name, and what makes bytes of its values. */
export interface MessageEncoding {
  /** As `shop.v1.Order`. */
  readonly fullName: string
  /** @throws SerializationError for a value that is not what the schema says */
  encode(value: unknown): Uint8Array
}

/** True for a message descriptor of protobuf-es. */
export function isDescriptor(schema: unknown): schema is DescMessage {
  return (schema as Partial<DescMessage> | null)?.kind === 'message'
}

/** True for a Type of protobufjs. */
export function isProtobufjsType(schema: unknown): schema is ProtobufjsType {
  const { fieldsArray, encode } = (schema ?? {}) as Partial<ProtobufjsType>
  return typeof encode === 'function' && Array.isArray(fieldsArray)
}

/** How values of a schema are encoded. */
export function messageEncoding(schema: MessageSchema): MessageEncoding {
  const encoding = isDescriptor(schema) ? ofDescriptor(schema) : ofType(schema)
  const { fullName } = encoding
  return {
    fullName,
    encode: (value) => {
      try {
        return encoding.encode(value)
      } catch (error) {
        throw thrownBy(fullName, value, error)
      }
    },
  }
}

function ofDescriptor(message: DescMessage): MessageEncoding {
  const { typeName } = message
  const check = messageCheck(message)
  return {
    fullName: typeName,
    encode: (value) => {
      const fault = check(value)
      if (fault !== null) throw misfit(typeName, fault)
      return toBinary(message, create(message, value as Members))
    },
  }
}

function ofType(type: ProtobufjsType): MessageEncoding {
  const fullName = type.fullName.replace(/^\./, '')
  return {
    fullName,
    encode: (value) => {
      const message = protobufjsValue(type, value)
      if (typeof message === 'string') throw misfit(fullName, message)
      const refusal = type.verify(message)
      if (refusal !== null) throw misfit(fullName, `.${refusal}`)
      return type.encode(message).finish()
    },
  }
}

/** What the checks, the library (of a required field, for one) or a getter of the user's has thrown. */
function thrownBy(fullName: string, value: unknown, error: unknown): unknown {
  if (isThrown(error, SerializationError)) return error
  const depth = isTooDeep(error) ? depthFault(value) : null
  return misfit(fullName, depth ?? `: ${thrownWords(error, String)}`, error)
}

function misfit(fullName: string, fault: string, cause?: unknown): SerializationError {
  return new SerializationError(`Protobuf ${fullName}: value${fault}`, { cause })
}
