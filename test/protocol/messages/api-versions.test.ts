import t from 'tap'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { apiVersionsRequest, apiVersionsResponse } from '../arbitraries/api-versions.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(apiVersions)
const response = responseCodec(apiVersions)

testMessages(t, apiVersions, { request: apiVersionsRequest, response: apiVersionsResponse })

t.test('a request has no body before v3, and names the client from then on', async (t) => {
  const client = { clientSoftwareName: 'ottla', clientSoftwareVersion: '1.0' }
  t.strictSame(request.encode(client, 2), hex(''))
  t.strictSame(request.encode(client, 3), hex('06 6f74746c61  04 312e30  00'))
})

t.test('a v0 response is an error code and the ranges of versions', async (t) => {
  const bytes = hex('0023  00000001  0012 0000 0004')
  const decoded = {
    errorCode: 35,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1n,
    finalizedFeatures: [],
    zkMigrationReady: false,
  }
  t.strictSame(response.decode(bytes, 0), decoded)
  t.strictSame(response.encode(decoded, 0), bytes)
})

t.test('a v3 response carries its features as tagged fields', async (t) => {
  const bytes = hex(`
    0000  02 0000 0003 000d 00  00000005
    04
      00 08  02 0266 0000 0002 00
      01 08  0000000000000007
      02 08  02 0266 0002 0001 00
      03 01  01`)
  const decoded = {
    errorCode: 0,
    apiKeys: [{ apiKey: 0, minVersion: 3, maxVersion: 13 }],
    throttleTimeMs: 5,
    supportedFeatures: [{ name: 'f', minVersion: 0, maxVersion: 2 }],
    finalizedFeaturesEpoch: 7n,
    finalizedFeatures: [{ name: 'f', maxVersionLevel: 2, minVersionLevel: 1 }],
    zkMigrationReady: true,
  }
  t.strictSame(response.decode(bytes, 3), decoded)
  t.strictSame(response.encode(decoded, 3), bytes)
})

t.test('a feature is read past fields of a later version', async (t) => {
  const bytes = hex('0000 01 00000000  01  00 0b 02 0266 0000 0002 01 09 01 ff')
  t.strictSame(response.decode(bytes, 3).supportedFeatures, [
    { name: 'f', minVersion: 0, maxVersion: 2 },
  ])
})
