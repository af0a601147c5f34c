// Every stream is also fed cut in two at every byte, and byte by byte: where the network cuts must
// never matter.
import fc from 'fast-check'
import t from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { FrameSplitter } from '../../../src/network/connection/frame-splitter.js'

function frame(body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

function split(chunks: readonly Buffer[], maxFrameBytes?: number): string[] {
  const splitter = new FrameSplitter(maxFrameBytes)
  const frames: Buffer[] = []
  for (const chunk of chunks) splitter.push(chunk, (frame) => frames.push(frame))
  return frames.map((frame) => frame.toString('latin1'))
}

const BODIES = ['first', '', 'x', 'a longer fourth one']
const STREAM = Buffer.concat(BODIES.map((body) => frame(body)))

t.test('finds the frames of a stream that comes in one chunk', async (t) => {
  t.strictSame(split([STREAM]), BODIES)
})

t.test('finds the same frames wherever the stream is cut in two', async (t) => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    t.strictSame(split([STREAM.subarray(0, cut), STREAM.subarray(cut)]), BODIES, `cut at ${cut}`)
  }
})

t.test('finds the same frames byte by byte', async (t) => {
  t.strictSame(split([...STREAM].map((byte) => Buffer.of(byte))), BODIES)
})

t.test('finds the same frames however the stream is cut', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((body) => frame(body)))
        const at = [0, ...cuts.filter((cut) => cut < stream.length), stream.length]
        at.sort((a, b) => a - b)
        const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end))
        const expected = bodies.map((body) => Buffer.from(body).toString('latin1'))
        return JSON.stringify(split(chunks)) === JSON.stringify(expected)
      },
    ),
  )
})

t.test('hands out views of a chunk, and copies where a frame spans two', async (t) => {
  const splitter = new FrameSplitter()
  const frames: Buffer[] = []
  const whole = frame('whole')
  splitter.push(whole, (frame) => frames.push(frame))
  t.equal(frames[0]?.buffer, whole.buffer, 'same memory')
  const cut = frame('in two')
  splitter.push(cut.subarray(0, 6), (frame) => frames.push(frame))
  splitter.push(cut.subarray(6), (frame) => frames.push(frame))
  cut.fill(0)
  t.equal(frames[1]?.toString(), 'in two', 'does not change with the chunks it came in')
})

t.test('leaves delivered frames alone when more arrives', async (t) => {
  const splitter = new FrameSplitter()
  const frames: Buffer[] = []
  for (const chunk of [STREAM.subarray(0, 7), STREAM.subarray(7), Buffer.from(STREAM)]) {
    splitter.push(chunk, (frame) => frames.push(frame))
  }
  t.strictSame(frames.map(String), [...BODIES, ...BODIES])
})

t.test(
  'holds few parts of a frame that drips in, and little more than has come of it',
  async (t) => {
    const body = Buffer.alloc(200_000, 'abcdefg')
    for (const step of [1, 3, 7000]) {
      const splitter = new FrameSplitter()
      const frames: Buffer[] = []
      const stream = Buffer.concat([frame(body), frame('next')])
      for (let at = 0; at < stream.length; at += step) {
        splitter.push(stream.subarray(at, at + step), (it) => frames.push(it))
        const { parts, bytes } = splitter.held
        if (parts > 64) t.fail(`${parts} parts after ${at} bytes`)
        if (bytes > 2 * (at + step)) t.fail(`${bytes} bytes after ${at + step}`)
      }
      t.strictSame(frames.map(({ length }) => length), [body.length, 4]) // prettier-ignore
      t.ok(frames[0]?.equals(body))
      t.strictSame(splitter.held, { parts: 0, bytes: 0 })
    }
  },
)

t.test('refuses sizes that no broker sends, wherever they are cut', async (t) => {
  for (const size of [-1, -0x80000000, 101, 0x7fffffff]) {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(size)
    for (let cut = 0; cut <= 4; cut++) {
      const chunks = [frame('good'), bytes.subarray(0, cut), bytes.subarray(cut)]
      t.throws(() => split(chunks, 100), ProtocolError, `${size} cut at ${cut}`)
    }
  }
  t.strictSame(split([frame('x'.repeat(100))], 100), ['x'.repeat(100)], 'the limit itself is taken')
})

t.test('recognises what else may listen on a port', async (t) => {
  const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n')
  const alert = Buffer.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46)
  const text = Buffer.from('SSH-2.0-OpenSSH')
  t.throws(() => split([http]), { message: /answers in HTTP/ })
  t.throws(() => split([alert]), { message: /answers in TLS/ })
  t.throws(() => split([text]), { message: /answers in SSH/ })
  t.throws(() => split([Buffer.of(0x7f, 1, 2, 3)]), {
    message: /does not speak the Kafka protocol/,
  })
})

t.test('hands out nothing after stop, not even from the chunk at hand', async (t) => {
  const splitter = new FrameSplitter()
  const frames: string[] = []
  splitter.push(STREAM, (frame) => {
    frames.push(frame.toString())
    splitter.stop()
  })
  splitter.push(STREAM, (frame) => frames.push(frame.toString()))
  t.strictSame(frames, ['first'])
})
