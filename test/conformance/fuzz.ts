/**
 * Damaged frames, by the thousand, at every decoder: each is read or refused with ProtocolError, in
 * no more memory than the frame could hold. Nothing else may come out of bytes from the network.
 *
 *   node build/test/conformance/fuzz.js --seconds 60 --seed 42
 *
 * The test of the same name runs it for a fixed number of frames. Everything follows from the seed;
 * a finding is printed as hex, with the decoder that it broke.
 *
 * Neighbours: mutate.ts does the damage; fuzz-targets.ts has the decoders and sound frames.
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { ProtocolError } from '../../src/errors.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { fuzzTargets, type FuzzTarget } from './fuzz-targets.js'
import { mutate, numbersFrom, pick } from './mutate.js'

/** What a run found. */
export interface FuzzResult {
  frames: number
  read: number
  refused: number
  /** The longest that one frame took, and whose it was. */
  slowestMs: number
  slowest: string
  /** Decoder, what it did, and the frame as hex; empty where all is well. */
  readonly findings: string[]
}

/** When a run ends: after so many frames, or after so long. */
export type FuzzLimit = { readonly frames: number } | { readonly seconds: number }

const MAX_FINDINGS = 10
/** Values and bytes that may come of one byte: a record of 7 bytes has 6 fields. */
const MAX_PARTS_PER_BYTE = 4
const FIXED_PARTS = 32 // a message without any item
/** V8's pool of small buffers, and the codecs' own rooms. */
const FIXED_MEMORY_BYTES = 512 * 1024

/** Runs until the limit, or the tenth finding. */
export function fuzz(seed: number, limit: FuzzLimit, targets = fuzzTargets(seed)): FuzzResult {
  const random = numbersFrom(seed)
  const result = { frames: 0, read: 0, refused: 0, slowestMs: 0, slowest: '', findings: [] }
  const startMs = performance.now()
  const isOver = () =>
    'frames' in limit
      ? result.frames >= limit.frames
      : performance.now() - startMs >= limit.seconds * 1000
  while (!isOver() && result.findings.length < MAX_FINDINGS) {
    const target = pick(targets, random)
    const damaged = mutate(pick(target.frames, random), pick(target.frames, random), random)
    tryFrame(target, target.mend(damaged, random), result)
  }
  return result
}

function tryFrame(target: FuzzTarget, frame: Buffer, result: FuzzResult): void {
  const startBytes = process.memoryUsage().external
  const startMs = performance.now()
  const outcome = outcomeOf(target, frame)
  const tookMs = performance.now() - startMs
  const tookBytes = process.memoryUsage().external - startBytes
  if (tookMs > result.slowestMs) Object.assign(result, { slowestMs: tookMs, slowest: target.name })
  result.frames += 1
  if (outcome === 'read') result.read += 1
  else if (outcome === 'refused') result.refused += 1
  else result.findings.push(`${target.name}: ${outcome}: ${frame.toString('hex')}`)
  if (tookBytes > FIXED_MEMORY_BYTES + 4 * (frame.length + target.expansionBytes)) {
    result.findings.push(`${target.name}: took ${tookBytes} bytes: ${frame.toString('hex')}`)
  }
}

function outcomeOf(target: FuzzTarget, frame: Buffer): string {
  try {
    const parts = partsOf(target.decode(frame))
    const most = FIXED_PARTS + MAX_PARTS_PER_BYTE * (frame.length + target.expansionBytes)
    return parts > most ? `made ${parts} values of ${frame.length} bytes` : 'read'
  } catch (error) {
    return error instanceof ProtocolError ? 'refused' : `threw ${String(error)}`
  }
}

/** Everything that a decoded value is made of: values, characters and bytes. */
function partsOf(value: unknown): number {
  if (value === ZERO_UUID) return 1 // a default that all share
  if (typeof value === 'string' || value instanceof Uint8Array) return 1 + value.length
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, field) => sum + partsOf(field), 1)
}

function main(): void {
  const options = { seconds: { type: 'string' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const seconds = Number(values.seconds ?? 10)
  console.log(`seed ${seed}, ${seconds} s`)
  const { findings, frames, read, refused, slowestMs, slowest } = fuzz(seed, { seconds })
  for (const finding of findings) console.log(finding)
  console.log(
    `${frames} damaged frames: ${read} read, ${refused} refused, ${findings.length} findings`,
  )
  console.log(`the slowest took ${slowestMs.toFixed(1)} ms: ${slowest}`)
  process.exitCode = findings.length === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
