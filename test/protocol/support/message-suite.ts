/**
 * What must hold of every message, whatever its fields: it comes back as it went, in every version;
 * cut anywhere it is refused; fields of a later version are skipped; and no bytes whatever make
 * decoding fail with anything but ProtocolError.
 */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { Writer } from '../../../src/protocol/writer.js'
import type { TaggedField } from '../../../src/protocol/writer.js'
import type { Api } from '../../../src/protocol/api.js'
import { bytes } from '../arbitraries/primitives.js'
import { requestCodec, responseCodec } from './codec.js'
import type { Codec } from './codec.js'

/** Random messages that a version can carry whole. */
export interface MessageArbitraries<Request, Response> {
  request(version: number): fc.Arbitrary<Request>
  response(version: number): fc.Arbitrary<Response>
}

interface Case<Message> {
  readonly codec: Codec<Message>
  readonly message: (version: number) => fc.Arbitrary<Message>
  readonly versions: readonly number[]
  readonly flexibleFrom: number
}

export function testMessages<Request, Response>(
  t: Test,
  api: Api<Request, Response>,
  arbitraries: MessageArbitraries<Request, Response>,
): void {
  const { flexibleFrom, minVersion, maxVersion } = api
  const versions = Array.from({ length: maxVersion - minVersion + 1 }, (_, i) => minVersion + i)
  const shared = { versions, flexibleFrom }
  testCase(t, 'request', { codec: requestCodec(api), message: arbitraries.request, ...shared })
  testCase(t, 'response', { codec: responseCodec(api), message: arbitraries.response, ...shared })
}

function testCase<Message>(t: Test, kind: string, messages: Case<Message>): void {
  forEachVersion(t, `${kind} comes back as it went`, messages, comesBack)
  forEachVersion(t, `${kind} cut short is refused at every byte`, messages, refusesEveryPrefix)
  forEachVersion(t, `${kind} with a byte too many is refused`, messages, refusesLeftOvers)
  forEachVersion(t, `${kind} is read past fields of a later version`, messages, skipsUnknownTags)
  forEachVersion(t, `${kind} made of damaged bytes is read or refused`, messages, survivesDamage)
}

type Check = <Message>(messages: Case<Message>, version: number) => void

function forEachVersion<Message>(t: Test, name: string, messages: Case<Message>, check: Check) {
  t.test(name, async (t) => {
    for (const version of messages.versions) {
      t.doesNotThrow(() => check(messages, version), `v${version}`)
    }
  })
}

const comesBack: Check = ({ codec, message }, version) => {
  const property = fc.property(message(version), (value) => {
    assert.deepStrictEqual(codec.decode(codec.encode(value, version), version), value)
  })
  fc.assert(property)
}

const refusesEveryPrefix: Check = ({ codec, message }, version) => {
  const property = fc.property(message(version), (value) => {
    const whole = codec.encode(value, version)
    for (let size = 0; size < whole.length; size++) {
      assert.throws(() => codec.decode(whole.subarray(0, size), version), ProtocolError)
    }
  })
  fc.assert(property, { numRuns: 20 })
}

const refusesLeftOvers: Check = ({ codec, message }, version) => {
  const property = fc.property(message(version), (value) => {
    const tooLong = Buffer.concat([codec.encode(value, version), Buffer.of(0)])
    assert.throws(() => codec.decode(tooLong, version), ProtocolError)
  })
  fc.assert(property, { numRuns: 20 })
}

const skipsUnknownTags: Check = ({ codec, message, flexibleFrom }, version) => {
  if (version < flexibleFrom) return
  const property = fc.property(message(version), bytes, (value, data) => {
    const fromTheFuture = codec.encode(value, version, new FutureWriter({ tag: 1000, data }))
    assert.deepStrictEqual(codec.decode(fromTheFuture, version), value)
  })
  fc.assert(property)
}

const survivesDamage: Check = ({ codec, message }, version) => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) })
  const property = fc.property(message(version), damage, (value, { at, byte }) => {
    const damaged = codec.encode(value, version)
    if (damaged.length > 0) damaged[at % damaged.length] = byte
    assertReadOrRefused(() => codec.decode(damaged, version))
  })
  fc.assert(property)
}

function assertReadOrRefused(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `not a ProtocolError: ${String(error)}`)
  }
}

/** Adds a field that nobody knows yet to the tag section of every struct it writes. */
class FutureWriter extends Writer {
  readonly #field: TaggedField

  constructor(field: TaggedField) {
    super()
    this.#field = field
  }

  override writeTaggedFields(fields: readonly TaggedField[] = []): void {
    super.writeTaggedFields([...fields, this.#field])
  }
}
