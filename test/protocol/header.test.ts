import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { isFlexible } from '../../src/protocol/api.js'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
} from '../../src/protocol/header.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'
import { hex } from './support/codec.js'

const header = { apiKey: 3, apiVersion: 9, correlationId: 0x01020304, clientId: 'me' }

function read(bytes: Uint8Array): Reader {
  return new Reader(bytes, { apiName: 'header', version: 0 })
}

function requestHeader(clientId: string | null, flexible: boolean): Buffer {
  const writer = new Writer()
  encodeRequestHeader(writer, { ...header, clientId }, flexible)
  return writer.toBuffer()
}

function responseHeader(api: { key: number; flexibleFrom: number }, version: number): Buffer {
  const writer = new Writer()
  encodeResponseHeader(writer, api, version, 7)
  return writer.toBuffer()
}

t.test('a request header keeps its client id uncompacted, flexible or not', async (t) => {
  t.strictSame(requestHeader('me', false), hex('0003 0009 01020304 0002 6d65'))
  t.strictSame(requestHeader('me', true), hex('0003 0009 01020304 0002 6d65 00'))
  t.strictSame(requestHeader(null, true), hex('0003 0009 01020304 ffff 00'))
})

t.test('a request header comes back as it went', async (t) => {
  for (const flexible of [false, true]) {
    const reader = read(requestHeader('me', flexible))
    t.strictSame(decodeRequestHeader(reader, flexible), header)
    t.equal(reader.remaining, 0)
  }
})

t.test(
  'a request header is read up to its tags when nobody knows whether it has any',
  async (t) => {
    const reader = read(requestHeader('me', true))
    decodeRequestHeader(reader)
    reader.readTaggedFields()
    t.equal(reader.remaining, 0)
  },
)

t.test('a request header cut short is refused at every byte', async (t) => {
  const whole = requestHeader('me', true)
  for (let size = 0; size < whole.length; size++) {
    t.throws(() => decodeRequestHeader(read(whole.subarray(0, size)), true), ProtocolError)
  }
})

t.test('a response header has tags in front of flexible bodies', async (t) => {
  t.strictSame(responseHeader(produce, 8), hex('00000007'))
  t.strictSame(responseHeader(produce, 9), hex('00000007 00'))
  t.equal(decodeResponseHeader(read(hex('00000007')), produce, 8), 7)
  const flexible = read(hex('00000007 01 05 01 ff 2a'))
  t.equal(decodeResponseHeader(flexible, produce, 9), 7)
  t.equal(flexible.readInt8(), 42, 'the reader stands at the body')
})

t.test('a response header of ApiVersions never has tags', async (t) => {
  for (const version of [0, 3, 4]) {
    t.strictSame(responseHeader(apiVersions, version), hex('00000007'))
    const reader = read(hex('00000007 2a'))
    t.equal(decodeResponseHeader(reader, apiVersions, version), 7)
    t.equal(reader.remaining, 1)
  }
})

t.test('an API is flexible from its first flexible version on', async (t) => {
  t.equal(isFlexible(produce, 8), false)
  t.equal(isFlexible(produce, 9), true)
  t.equal(isFlexible({ flexibleFrom: Infinity }, 99), false)
})
