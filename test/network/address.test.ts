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
    t.throws(
      () => parseAddress(text),
      { message: /^option brokers has (the address "|an (empty )?address)/ },
      text,
    )
  }
})

t.test('says what is amiss, and shows no password', async (t) => {
  const secret = 'SEKRET'
  for (const [text, message] of [
    ['', 'option brokers has an empty address: leave out the comma or the entry that is too many'],
    [`kafka+ssl://user:${secret}@a:9092`, /the address "\*\*\*@a:9092" with a user or a password.*option sasl$/],
    [`${secret}@a:9092`, /the address "\*\*\*@a:9092"/],
    [`kafka://user:${secret}`, /begins with "kafka:\/\/": leave that out/],
    ['\u202e'.repeat(4) + 'a'.repeat(9000), /the address "a{99}…", which/],
  ] as const) {
    t.throws(() => parseAddress(text), { name: 'ConfigError', message })
    t.throws(() => parseAddress(text), { message: /^(?!.*SEKRET)/ })
  }
}) // prettier-ignore

t.test('a host is checked as those are that brokers give', async (t) => {
  for (const host of ['a\0b', 'a\u200bb', '\u202ea', 'a'.repeat(256)]) {
    t.throws(() => parseAddress(`${host}:9092`), {
      name: 'ConfigError',
      message: /^option brokers has a host (with characters that none has|of 256 characters)/,
    })
  }
  t.equal(parseAddress(`${'a'.repeat(255)}:9092`).host.length, 255)
})
