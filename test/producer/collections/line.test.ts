import t from 'tap'
import { Line } from '../../../src/producer/collections/line.js'
import { seededRandom } from '../support/pieces.js'

interface Member {
  readonly id: number
  isIn: boolean
}

function lineOf(): { line: Line<Member>; looks: () => number } {
  let looks = 0
  const line = new Line<Member>((member) => (looks++, member.isIn))
  return { line, looks: () => looks }
}

t.test('it is a list from which anybody may leave, whatever the order', async (t) => {
  const random = seededRandom(7)
  const { line } = lineOf()
  const model: Member[] = []
  for (let id = 0; id < 5000; id++) {
    const draw = random()
    if (draw < 0.5) {
      const member = { id, isIn: true }
      if (draw < 0.4) line.push(member)
      else line.unshift(member)
      if (draw < 0.4) model.push(member)
      else model.unshift(member)
    } else if (model.length > 0) {
      const [left] = model.splice(Math.floor(random() * model.length), 1) as [Member]
      left.isIn = false
      line.left()
    }
    if (line.length !== model.length || line.first() !== model[0] || line.last() !== model.at(-1)) {
      t.fail(`differs after ${id}`)
    }
  }
  t.strictSame([...line], model)
})

t.test('leaving costs constant time on average, behind one who stays', async (t) => {
  const { line, looks } = lineOf()
  const stays = { id: -1, isIn: true }
  const last = { id: -2, isIn: true }
  const others = Array.from({ length: 10_000 }, (_, id) => ({ id, isIn: true }))
  line.push(stays)
  for (const member of others) line.push(member)
  line.push(last)
  for (const member of others) {
    member.isIn = false
    line.left()
  }
  t.strictSame([...line], [stays, last])
  t.ok(looks() < 60_000, `${looks()} looks`)
})
