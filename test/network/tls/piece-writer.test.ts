// A socket that keeps what it is given, and says "written" when the test wants it.
import t from 'tap'
import { PieceWriter } from '../../../src/network/tls/piece-writer.js'

const PIECE_BYTES = 262_144

type Written = (error?: Error | null) => void

/** `pieces`: copies, since the writer uses its buffer again. */
function rig(): { writer: PieceWriter; pieces: Buffer[]; written: Written; told: string[] } {
  const pieces: Buffer[] = []
  const waiting: Written[] = []
  const write = (bytes: Uint8Array, onWritten: Written): boolean => {
    pieces.push(Buffer.from(bytes))
    waiting.push(onWritten)
    return true
  }
  const written: Written = (error) => waiting.shift()?.(error)
  const writer = new PieceWriter({ write })
  return { writer, pieces, written, told: [] }
}

function filled(size: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + seed) % 251))
}

t.test('a small list is one write, and is told of once it is written', async (t) => {
  const { writer, pieces, written, told } = rig()
  writer.write([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')], () => told.push('first'))
  t.strictSame(pieces.map(String), ['abcd'])
  t.strictSame(told, [])
  written()
  t.strictSame(told, ['first'])
  t.equal(pieces.length, 1)
})

t.test('lists given meanwhile share the next piece, and are told of in order', async (t) => {
  const { writer, pieces, written, told } = rig()
  for (const name of ['a', 'b', 'c']) writer.write([Buffer.from(name)], () => told.push(name))
  t.strictSame(pieces.map(String), ['a'])
  written()
  t.strictSame(pieces.map(String), ['a', 'bc'])
  t.strictSame(told, ['a'])
  written()
  t.strictSame(told, ['a', 'b', 'c'])
})

t.test('one that is given while another is told of comes behind those that wait', async (t) => {
  const { writer, pieces, written } = rig()
  writer.write([Buffer.from('a')], () => writer.write([Buffer.from('c')], () => {}))
  writer.write([Buffer.from('b')], () => {})
  written()
  written()
  t.strictSame(pieces.map(String).join(''), 'abc')
  t.equal(pieces.length, 2)
})

t.test('much is cut into pieces, one on its way at a time', async (t) => {
  const { writer, pieces, written, told } = rig()
  const sizes = [100, PIECE_BYTES, 0, 3 * PIECE_BYTES - 100, 1, PIECE_BYTES]
  const buffers = sizes.map((size, seed) => filled(size, seed))
  writer.write(buffers.slice(0, 4), () => told.push('first'))
  writer.write(buffers.slice(4), () => told.push('second'))
  const toldAfter: string[] = []
  for (let piece = 1; piece <= pieces.length; piece++) {
    t.equal(pieces.length, piece, 'none before the last one is written')
    written()
    toldAfter.push(told.join())
  }
  t.ok(Buffer.concat(pieces).equals(Buffer.concat(buffers)))
  t.strictSame(new Set(pieces.slice(0, -1).map(({ length }) => length)), new Set([PIECE_BYTES]))
  t.strictSame(toldAfter, ['', '', '', 'first', 'first', 'first,second'])
})

t.test('behind an error nothing is written and nobody is told', async (t) => {
  const { writer, pieces, written, told } = rig()
  writer.write([Buffer.from('a')], () => told.push('a'))
  writer.write([Buffer.from('b')], () => told.push('b'))
  written(new Error('EPIPE'))
  writer.write([Buffer.from('c')], () => told.push('c'))
  t.equal(pieces.length, 1)
  t.strictSame(told, [])
})
