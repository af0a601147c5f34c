import { runInNewContext } from 'node:vm'
import t from 'tap'
import { bytesOf, isBytes } from '../src/any-bytes.js'

const foreign = (source: string): unknown => runInNewContext(source)

t.test('bytes of this realm are what they were', async (t) => {
  const buffer = Buffer.from('x')
  t.equal(bytesOf(buffer), buffer)
  t.ok(isBytes(buffer))
})

t.test('bytes of another realm become bytes of this one, of the same memory', async (t) => {
  const whole = foreign('new Uint8Array([1, 2, 3, 4])') as Uint8Array
  const part = foreign('new Uint8Array([1, 2, 3, 4]).subarray(1, 3)') as Uint8Array
  t.notOk(whole instanceof Uint8Array)
  t.ok(isBytes(whole))
  t.ok(bytesOf(part) instanceof Uint8Array)
  t.strictSame(bytesOf(part), Uint8Array.of(2, 3))
  whole[0] = 9
  t.equal(bytesOf(whole)?.[0], 9)
})

t.test('nothing else is bytes', async (t) => {
  const others = ['[1]', 'new ArrayBuffer(1)', 'new Int8Array(1)', 'new DataView(new ArrayBuffer(1))', '({ length: 1 })', 'null', '"x"', '7'] // prettier-ignore
  for (const source of others) {
    t.equal(bytesOf(foreign(source)), undefined, source)
    t.notOk(isBytes(foreign(source)), source)
  }
  const gone = foreign('new Uint8Array(4)') as Uint8Array<ArrayBuffer>
  structuredClone(gone, { transfer: [gone.buffer] })
  t.equal(bytesOf(gone), undefined, 'transferred away')
  const own = new Uint8Array(4)
  structuredClone(own, { transfer: [own.buffer] })
  t.equal(bytesOf(own), undefined, 'and bytes of this realm')
})
