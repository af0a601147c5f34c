import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../src/secret.js'

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
