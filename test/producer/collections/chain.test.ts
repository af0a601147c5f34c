import t from 'tap'
import { Chain, type Link } from '../../../src/producer/collections/chain.js'
import { seededRandom } from '../support/pieces.js'

class Member implements Link<Member> {
  before: Member | null = null
  behind: Member | null = null
  readonly id: number

  constructor(id: number) {
    this.id = id
  }
}

t.test('it is a list from which anybody may leave, or go to its end', async (t) => {
  const random = seededRandom(11)
  const chain = new Chain<Member>()
  const model: Member[] = []
  for (let id = 0; id < 2000; id++) {
    const draw = random()
    const [left] = model.splice(draw < 0.5 ? Infinity : Math.floor(random() * model.length), 1)
    if (left !== undefined) chain.remove(left)
    const comes = draw < 0.5 ? new Member(id) : draw < 0.75 ? left : undefined
    if (comes !== undefined) {
      chain.push(comes)
      model.push(comes)
    }
    if (chain.first !== (model[0] ?? null)) t.fail(`another one is first after ${id}`)
    if (id % 50 === 0) t.strictSame(Array.from(chain, (it) => it.id), model.map((it) => it.id)) // prettier-ignore
  }
  for (const it of model) chain.remove(it)
  t.equal(chain.first, null)
  t.strictSame([...chain], [])
})
