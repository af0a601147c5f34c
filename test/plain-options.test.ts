import { runInNewContext } from 'node:vm'
import t from 'tap'
import { checkPlain } from '../src/plain-options.js'

const NAMES = ['acks', 'brokers']
const check = (given: object): void => checkPlain('the options', given, NAMES)

t.test('fields of their own are options, whatever has them', async (t) => {
  class Config {
    readonly acks = 1
    describe(): string {
      return 'a method is no option'
    }
  }
  const module: object = await import('../src/version.js')
  const foreign = runInNewContext('({ acks: 1 })') as object
  const bare: unknown = Object.assign(Object.create(null), { acks: 1 })
  for (const given of [{ acks: 1 }, new Config(), module, foreign, bare as object, Object.freeze({})]) {
    t.doesNotThrow(() => check(given))
  }
  t.doesNotThrow(() => check(Object.assign(Object.create({ other: 1 }) as object, { acks: 1 })))
}) // prettier-ignore

t.test('what would be passed over is refused by its name', async (t) => {
  class Config {
    get acks(): number {
      throw new Error('it is not even read')
    }
  }
  const hidden = Object.defineProperty({}, 'acks', { value: 1 })
  const reflected = runInNewContext('Object.create({ acks: 1 })') as object
  for (const given of [new Config(), Object.create({ acks: 1 }) as object, hidden, reflected]) {
    t.throws(() => check(given), {
      name: 'ConfigError',
      message: /^the options: acks comes from a prototype or a getter.*\{ acks: … \}$/,
    })
  }
})

t.test('what has no fields is refused by its kind', async (t) => {
  const foreign = runInNewContext('new Map()') as object
  for (const given of [new Map(), new Date(), [], new Uint8Array(), new URLSearchParams(), foreign]) {
    t.throws(() => check(given), {
      name: 'ConfigError',
      message: /^the options: give a plain object, no \w+$/,
    })
  }
}) // prettier-ignore
