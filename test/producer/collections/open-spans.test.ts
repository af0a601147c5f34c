import t from 'tap'
import {
  countIn,
  countOut,
  OpenSpans,
  type Span,
  type Spanned,
} from '../../../src/producer/collections/open-spans.js'
import { seededRandom } from '../support/pieces.js'

class Thing implements Spanned {
  span: Span | null = null
}

function begin(spans: OpenSpans): Thing {
  const thing = new Thing()
  countIn(thing, spans.present)
  return thing
}

t.test('who waits is told once all that was open is over, and not what began later', async (t) => {
  const spans = new OpenSpans()
  const told: string[] = []
  spans.whenOver(() => told.push('nothing'))
  t.strictSame(told, ['nothing'])
  const [a, b] = [begin(spans), begin(spans)]
  spans.whenOver(() => told.push('a b'))
  const c = begin(spans)
  spans.whenOver(() => told.push('a b c'))
  spans.whenOver(() => told.push('the same'))
  const d = begin(spans)
  countOut(c)
  countOut(a)
  t.equal(told.length, 1)
  countOut(b)
  t.strictSame(told.slice(1), ['a b', 'a b c', 'the same'])
  countOut(d)
})

t.test('what goes on in a later one is open until that is over', async (t) => {
  const spans = new OpenSpans()
  const told: string[] = []
  const waits = begin(spans)
  spans.whenOver(() => told.push('waits'))
  const other = begin(spans)
  spans.whenOver(() => told.push('other'))
  const later = begin(spans)
  countIn(later, waits.span as Span)
  countIn(later, other.span as Span)
  for (const it of [waits, other]) countOut(it)
  t.strictSame(told, [])
  countOut(later)
  t.strictSame(told, ['waits', 'other'])
})

t.test('as if each who waits had looked at everything', async (t) => {
  const random = seededRandom(5)
  const spans = new OpenSpans()
  const open: Thing[] = []
  /** Of each who waits: what is open of what he waits for. */
  const waits: Set<Thing>[] = []
  const told = new Set<number>()
  for (let step = 0; step < 5000; step++) {
    const draw = random()
    const any = (): Thing | undefined => open[Math.floor(random() * open.length)]
    if (draw < 0.4) open.push(begin(spans))
    else if (draw < 0.5) {
      const id = waits.push(new Set(open)) - 1
      spans.whenOver(() => told.add(id))
    } else {
      const [from, to] = [any(), any()]
      if (from === undefined || to === undefined) continue
      const goesOn = draw < 0.6 && from !== to
      if (goesOn) for (const wait of waits) if (wait.has(from)) wait.add(to)
      if (goesOn) countIn(to, from.span as Span)
      for (const wait of waits) wait.delete(from)
      open.splice(open.indexOf(from), 1)
      countOut(from)
    }
    waits.forEach((wait, id) => {
      if (told.has(id) !== (wait.size === 0)) t.fail(`${id} after ${step}`)
    })
  }
  t.ok(told.size > 100, `${told.size} were told`)
})
