import t from 'tap'
import { ConfigError } from '../../src/errors.js'
import { formatAddress, parseAddress } from '../../src/network/address.js'

t.test('reads names, IPv4 and bracketed IPv6 addresses', async (t) => {
  t.strictSame(parseAddress('broker.example:9092'), { host: 'broker.example', port: 9092 })
  t.strictSame(parseAddress('192.0.2.7:1'), { host: '192.0.2.7', port: 1 })
  t.strictSame(parseAddress('[2001:db8::7]:65535'), { host: '2001:db8::7', port: 65535 })
  t.strictSame(parseAddress('[fe80::1%eth0]:9092'), { host: 'fe80::1%eth0', port: 9092 })
  t.strictSame(parseAddress('  localhost:9092 '), { host: 'localhost', port: 9092 })
})

t.test('writes what it reads', async (t) => {
  for (const text of ['broker.example:9092', '192.0.2.7:1', '[2001:db8::7]:65535']) {
    t.equal(formatAddress(parseAddress(text)), text)
  }
})

t.test('refuses everything else, quoting it', async (t) => {
  const wrong = ['', 'localhost', ':9092', 'localhost:', 'localhost:0', 'localhost:65536', 'a:b']
  for (const text of [...wrong, '::1:9092', '[::1]', 'kafka://a:9092', 'a b:9092', 'a:9092,b:1']) {
    t.throws(() => parseAddress(text), ConfigError, text)
    t.throws(() => parseAddress(text), { message: new RegExp(`^broker address "`) }, text)
  }
})
