/** Metadata that points to where no broker can be, and words of a broker that are not fit for a log. */
import t from 'tap'
import { requireUsable } from '../../src/network/metadata/metadata-errors.js'
import type { MetadataResponse } from '../../src/protocol/messages/metadata.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate } from '../testing/support/simulation.js'

const SOUND = { nodeId: 1, host: 'broker-1', port: 9092, rack: null }

const CASES: [string, Partial<typeof SOUND>[], RegExp][] = [
  ['port 0', [{ port: 0 }], /broker 1 has port 0, and ports are 1 to 65535/],
  ['port 70000', [{ port: 70_000 }], /port 70000/],
  ['a negative port', [{ port: -1 }], /port -1/],
  ['a negative id', [{ nodeId: -1 }], /broker -1 has the id -1, and ids are 0 and up/],
  ['no host', [{ host: '' }], /a host of 0 characters/],
  ['a long host', [{ host: 'x'.repeat(256) }], /a host of 256 characters/],
  ['a host with a line break', [{ host: 'a\nb' }], /characters that none has/],
  ['a host that turns text around', [{ host: 'a\u202eb' }], /characters that none has/],
  ['one id twice', [{}, { port: 9093 }], /two brokers have the same id/],
]

function answer(brokers: readonly Partial<typeof SOUND>[]): MetadataResponse {
  return {
    throttleTimeMs: 0,
    brokers: brokers.map((broker) => ({ ...SOUND, ...broker })),
    clusterId: null,
    controllerId: 1,
    topics: [],
    clusterAuthorizedOperations: -2_147_483_648,
    errorCode: 0,
  }
}

for (const [what, brokers, words] of CASES) {
  t.test(`refuses ${what}, and another broker is asked`, async (t) => {
    const error = t.throws(() => requireUsable({ host: 'one', port: 9092 }, answer(brokers)))
    t.match(error, { name: 'ProtocolError', retriable: true, message: words })
    t.match((error as Error).message, /^the metadata of the broker at one:9092 cannot be used/)
    t.notMatch((error as Error).message, /x{256}|\n|\u202e/)
  })
}

t.test('takes all else', async (t) => {
  const brokers = [{ port: 1 }, { nodeId: 2, port: 65_535 }, { nodeId: 3, host: '::1' }]
  const long = { nodeId: 4, host: `${'x'.repeat(254)}.` }
  t.doesNotThrow(() => requireUsable({ host: 'one', port: 9092 }, answer([...brokers, long])))
})

t.test("a broker's words are one line of 500 characters in an error", async (t) => {
  const it = await simulate({ topics: { orders: {} } })
  const errorMessage = `first\r\n\u001b[31msecond\u202e${'x'.repeat(10_000)}`
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD, errorMessage })
  const error = await it.run(
    it.producer.send({ topic: 'orders', value: 'a' }).then(
      () => undefined,
      (error: unknown) => error as Error,
    ),
  )
  t.match(error?.message, /INVALID_RECORD: first \[31msecond x+/)
  t.notMatch(error?.message, /[\p{Cc}\p{Cf}]/u)
  t.ok((error?.message.length ?? Infinity) < 700, `${error?.message.length}`)
  await it.run(it.producer.close())
})
