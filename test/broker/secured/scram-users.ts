/**
 * SCRAM users, made and removed over the wire: the same in all versions, with KRaft and ZooKeeper.
 * (Kafka's storage tool can make them too, from 3.5 on, but no names with commas.) A password never
 * goes to the broker: what it keeps of it is computed here.
 *
 *   AlterUserScramCredentials v0   request  deletions [ name, mechanism int8 ]
 *                                           upsertions [ name, mechanism int8, iterations int32,
 *                                                        salt bytes, salted password bytes ]
 *                                  response throttle int32 [ user, errorCode, errorMessage ]
 *
 * Spec: AlterUserScramCredentialsRequest.json, flexible; KIP-554, RFC 5802.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Reader } from '../../../src/protocol/reader.js'
import type { Writer } from '../../../src/protocol/writer.js'
import { ask, type ClientApi } from '../ask.js'

/** What Kafka's own tools take. */
const DEFAULT_ITERATIONS = 4_096
const SALT_BYTES = 16

const MECHANISMS = [
  { id: 1, hash: 'sha256', sizeBytes: 32 },
  { id: 2, hash: 'sha512', sizeBytes: 64 },
] as const

/** A user of both SCRAM mechanisms. */
export interface ScramUser {
  /** ASCII: Kafka takes no others. */
  readonly name: string
  readonly password: string
  /** Default 4,096, and Kafka takes at most 16,384. */
  readonly iterations?: number
}

/** Makes the user, or gives it this password. The broker may know of it a moment later. */
export async function putScramUser(address: string, user: ScramUser): Promise<void> {
  for (const mechanism of MECHANISMS) await alter(address, { mechanism, put: user })
}

/** Connections that are open stay so until they log in again. */
export async function removeScramUser(address: string, name: string): Promise<void> {
  for (const mechanism of MECHANISMS) await alter(address, { mechanism, remove: name })
}

async function alter(address: string, change: Change): Promise<void> {
  const results = await ask(address, alterUserScramCredentials, 0, change)
  const failed = results.find(({ errorCode }) => errorCode !== 0)
  if (failed === undefined) return
  throw new Error(`SCRAM user ${failed.user}: error ${failed.errorCode}, ${String(failed.message)}`)
}

/** One: with KRaft a request may name a user only once. */
interface Change {
  readonly mechanism: (typeof MECHANISMS)[number]
  readonly remove?: string
  readonly put?: ScramUser
}

interface Result {
  readonly user: string
  readonly errorCode: number
  readonly message: string | null
}

const alterUserScramCredentials: ClientApi<Change, readonly Result[]> = {
  name: 'AlterUserScramCredentials',
  key: 51,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,

  encodeRequest(writer, { mechanism, remove, put }) {
    writer.writeArray(remove === undefined ? [] : [remove], true, (name) => {
      writer.writeString(name, true)
      writer.writeInt8(mechanism.id)
      writer.writeTaggedFields()
    })
    const users = put === undefined ? [] : [put]
    writer.writeArray(users, true, (user) => writeUpsertion(writer, mechanism, user))
    writer.writeTaggedFields()
  },

  decodeResponse(reader) {
    reader.readInt32() // throttle
    return reader.readArray(true, () => readResult(reader), 5)
  },
}

function writeUpsertion(
  writer: Writer,
  mechanism: (typeof MECHANISMS)[number],
  user: ScramUser,
): void {
  const { name, password, iterations = DEFAULT_ITERATIONS } = user
  const { hash, sizeBytes } = mechanism
  const salt = randomBytes(SALT_BYTES)
  writer.writeString(name, true)
  writer.writeInt8(mechanism.id)
  writer.writeInt32(iterations)
  writer.writeBytes(salt, true)
  writer.writeBytes(pbkdf2Sync(password, salt, iterations, sizeBytes, hash), true)
  writer.writeTaggedFields()
}

function readResult(reader: Reader): Result {
  const user = reader.readString(true)
  const errorCode = reader.readInt16()
  const message = reader.readNullableString(true)
  reader.readTaggedFields()
  return { user, errorCode, message }
}
