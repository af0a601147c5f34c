/** A short run of the fuzzer, and proof that it sees what it looks for. Needs no Java. */
import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { fuzz } from './fuzz.js'
import type { FuzzTarget } from './fuzz-targets.js'
import { SEED } from './messages.js'

const FRAMES = 30_000

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

t.test('damaged frames are read or refused, and nothing else', async (t) => {
  const { findings, frames, read, refused } = fuzz(SEED, { frames: FRAMES })
  t.strictSame(findings, [])
  t.equal(read + refused, frames)
  t.ok(read > FRAMES / 100, `${read} of ${frames} were read`)
  t.ok(refused > FRAMES / 2, `${refused} of ${frames} were refused`)
})

t.test('a seed repeats its run', async (t) => {
  const { read, refused } = fuzz(7, { frames: 2000 })
  t.match(fuzz(7, { frames: 2000 }), { read, refused })
})

t.test('a decoder that breaks its promise is found', async (t) => {
  const findings = (decode: FuzzTarget['decode']) =>
    fuzz(1, { frames: 5 }, [targetOf(decode)]).findings
  const refuse = () => {
    throw new ProtocolError('no')
  }
  const crash = () => {
    throw new RangeError('out of range')
  }
  t.strictSame(findings(refuse), [])
  t.match(findings(crash), [/threw RangeError: out of range/])
  t.match(
    findings(() => 'x'.repeat(1_000_000)),
    [/made 1000001 values/],
  )
  t.match(
    findings(() => void Buffer.alloc(4_000_000)),
    [/took \d+ bytes/],
  )
})

function targetOf(decode: FuzzTarget['decode']): FuzzTarget {
  const frames = [Buffer.from('frame')]
  return { name: 'broken', frames, expansionBytes: 0, decode, mend: (bytes) => bytes }
}
