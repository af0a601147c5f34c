import { inspect } from 'node:util'
import t from 'tap'
import { Secret, withoutSecrets } from '../src/secret.js'

t.test('a secret shows itself to nobody who does not ask by name', (t) => {
  const secret = new Secret('pencil-4711')
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 5 }),
    JSON.stringify(Object.assign({}, secret)),
    Object.values(secret).join(),
  ]
  t.notMatch(shown.join('\n'), /pencil/)
  t.equal(secret.reveal(), 'pencil-4711')
  t.end()
})

t.test('words of others show it in no way of writing it', async (t) => {
  const secrets = [new Secret('a"b/ü c'), new Secret('pencil')]
  const words = [
    'login with a"b/ü c refused, twice: a"b/ü c',
    '{"password":"a\\"b/ü c"}',
    '{"password":"a\\"b\\/ü c"}',
    '?password=a%22b%2F%C3%BC%20c',
    'pencil',
  ]
  t.strictSame(
    words.map((it) => withoutSecrets(it, secrets)),
    ['login with *** refused, twice: ***', '{"password":"***"}', '{"password":"***"}', '?password=***', '***'],
  )
  t.equal(withoutSecrets('half \ud800 a pair', [new Secret('\ud800abc')]), 'half \ud800 a pair')
}) // prettier-ignore

t.test('one of three characters is left: it is in too many words', async (t) => {
  t.equal(withoutSecrets('this is not', [new Secret('is'), new Secret('')]), 'this is not')
})
