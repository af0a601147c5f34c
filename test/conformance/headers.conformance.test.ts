/**
 * Request and response headers of every API and version against Kafka's own, the choice of their
 * version included: KIP-511's exception is Kafka's to know here, not ours.
 */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
  type RequestHeader,
} from '../../src/protocol/header.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'
import { bytes, int32, nullable, text } from '../protocol/arbitraries/primitives.js'
import { differenceOfBytes } from './compare-message.js'
import { difference } from './kafka-json.js'
import { MESSAGES, sample, SEED, type MessageSpec } from './messages.js'
import { oracleTest, type Oracle } from './oracle.js'

type HeaderApi = MessageSpec['api']

const CASES = 100
const REQUESTS = MESSAGES.filter(({ name }) => name.endsWith('Request'))

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

for (const { api, versions } of REQUESTS) {
  await oracleTest(`headers of ${api.name} are Kafka's, byte for byte`, async (t, oracle) => {
    for (const apiVersion of versions) {
      const salt = api.key * 100 + apiVersion
      const values = sample(fc.tuple(int32, nullable(text), bytes), CASES, salt)
      const asked = values.map(async ([correlationId, clientId, unknownTag]) => {
        const header = { apiKey: api.key, apiVersion, correlationId, clientId }
        return (
          (await compareRequestHeader(oracle, api, header, unknownTag)) ??
          (await compareResponseHeader(oracle, api, header, unknownTag))
        )
      })
      const differences = (await Promise.all(asked)).filter((it) => it !== null)
      t.strictSame(differences.slice(0, 3), [], `v${apiVersion}: ${CASES} of each equal`)
    }
  })
}

// How many U+FFFD stand for one malformed stretch is each decoder's own; that they stand there is not.
await oracleTest('bytes that are no UTF-8 are read as Kafka reads them', async (t, oracle) => {
  const asked = sample(bytes, 500, 0).map(async (clientId) => {
    const start = Buffer.from('0003000900000007', 'hex')
    const length = Buffer.alloc(2)
    length.writeInt16BE(clientId.length)
    const header = Buffer.concat([start, length, clientId])
    const theirs = await oracle.decode({ name: 'RequestHeader', version: 1 }, header)
    const ours = decodeRequestHeader(readerOf(header), false)
    const { clientId: kafkas } = theirs as { clientId: string }
    return difference(
      ours.clientId?.replaceAll(/\ufffd+/g, '\ufffd'),
      kafkas.replaceAll(/\ufffd+/g, '\ufffd'),
    )
  })
  const differences = (await Promise.all(asked)).filter((it) => it !== null)
  t.strictSame(differences.slice(0, 3), [])
})

async function compareRequestHeader(
  oracle: Oracle,
  api: HeaderApi,
  header: RequestHeader,
  unknownTag: Uint8Array,
): Promise<string | null> {
  const { apiKey: requestApiKey, apiVersion: requestApiVersion, correlationId, clientId } = header
  const json = { requestApiKey, requestApiVersion, correlationId, clientId }
  const { request: version } = await oracle.headerVersions(api.key, header.apiVersion)
  const id = { name: 'RequestHeader', version }
  const flexible = header.apiVersion >= api.flexibleFrom
  const writer = new Writer()
  encodeRequestHeader(writer, header, flexible)
  const [kafkas, tagged] = await Promise.all([
    oracle.encode(id, json),
    oracle.encode(id, json, version >= 2 ? { unknownTag } : {}),
  ])
  const reader = readerOf(tagged)
  const read = decodeRequestHeader(reader, flexible)
  reader.expectEnd()
  if (!isDeepStrictEqual(read, header)) return `we read ${JSON.stringify(read)}`
  return differenceOfBytes(writer.toBuffer(), kafkas)
}

async function compareResponseHeader(
  oracle: Oracle,
  api: HeaderApi,
  { apiVersion, correlationId }: RequestHeader,
  unknownTag: Uint8Array,
): Promise<string | null> {
  const { response: version } = await oracle.headerVersions(api.key, apiVersion)
  const id = { name: 'ResponseHeader', version }
  const writer = new Writer()
  encodeResponseHeader(writer, api, apiVersion, correlationId)
  const [kafkas, tagged] = await Promise.all([
    oracle.encode(id, { correlationId }),
    oracle.encode(id, { correlationId }, version >= 1 ? { unknownTag } : {}),
  ])
  const reader = readerOf(tagged)
  const read = decodeResponseHeader(reader, api, apiVersion)
  reader.expectEnd()
  return read === correlationId ? differenceOfBytes(writer.toBuffer(), kafkas) : `we read ${read}`
}

function readerOf(header: Uint8Array): Reader {
  return new Reader(header, { apiName: 'Header', version: 0 })
}
