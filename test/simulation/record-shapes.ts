/**
 * Records whose parts lie at the boundaries of every varint, and how large a batch of them is: by
 * the format's words (Kafka's DefaultRecord), not by the producer's arithmetic.
 *
 * Neighbours: special-plans.ts makes plans of them.
 */
import type { RecordShape } from './plan.js'
import type { Random } from './random.js'

const BATCH_HEADER_BYTES = 61
/** A varint takes another byte from these lengths on (zigzag: half of what seven bits hold). */
const BOUNDARIES = [64, 8192]
const HUGE_BOUNDARY = 1_048_576
const LATEST = Number.MAX_SAFE_INTEGER

export interface Shapes {
  readonly shapes: readonly RecordShape[]
  /** Within three bytes of what some of them add up to. */
  readonly batchSizeBytes: number
  /** A batch of the largest alone. */
  readonly largestBytes: number
}

export function drawShapes(random: Random, isHuge: boolean): Shapes {
  const count = isHuge ? random.integer(2, 4) : random.integer(2, 12)
  const shapes = Array.from({ length: count }, () =>
    drawShape(random, isHuge && random.chance(0.5)),
  )
  // The largest bound there is: both lengths, the whole record's and the time take all their bytes.
  if (isHuge) {
    const sizes = { keyBytes: HUGE_BOUNDARY, valueBytes: HUGE_BOUNDARY, headerBytes: -1 }
    shapes.splice(0, 2, small(random, 0), { ...sizes, timestamp: LATEST })
  }
  const members = random.integer(isHuge ? 2 : 1, count)
  const exact = batchSize(shapes.slice(0, members)) + random.integer(-3, 3)
  const largest = Math.max(...shapes.map((shape) => batchSize([shape])))
  return { shapes, batchSizeBytes: exact, largestBytes: largest }
}

function small(random: Random, timestamp: number): RecordShape {
  return { keyBytes: -1, valueBytes: random.integer(8, 70), headerBytes: -1, timestamp }
}

function drawShape(random: Random, isHuge: boolean): RecordShape {
  const boundary = (): number =>
    isHuge && random.chance(0.5) ? HUGE_BOUNDARY : random.pick(BOUNDARIES)
  const atBoundary = (): number => boundary() - random.integer(0, 1)
  return {
    keyBytes: random.chance(0.3) ? -1 : atBoundary(),
    valueBytes: atBoundary(),
    headerBytes: random.chance(0.7) ? -1 : random.pick(BOUNDARIES) - random.integer(0, 1),
    timestamp: random.pick([0, 1, 1_700_000_000_000, 2 ** 52, LATEST]),
  }
}

/** Bytes of a batch of these. */
export function batchSize(shapes: readonly RecordShape[]): number {
  const base = shapes[0]?.timestamp ?? 0
  return shapes.reduce(
    (sum, shape, index) => sum + recordSize(shape, shape.timestamp - base, index),
    BATCH_HEADER_BYTES,
  )
}

function recordSize(
  { keyBytes, valueBytes, headerBytes }: RecordShape,
  deltaMs: number,
  index: number,
): number {
  const fields =
    1 +
    varint(deltaMs) +
    varint(index) +
    sized(keyBytes) +
    sized(valueBytes) +
    (headerBytes < 0 ? varint(0) : varint(1) + sized(1) + sized(headerBytes))
  return varint(fields) + fields
}

/** Bytes behind their own length; -1: null. */
function sized(length: number): number {
  return varint(length) + Math.max(0, length)
}

/** Bytes that a zigzag varint takes. */
function varint(value: number): number {
  const zigzag = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value)
  return Math.max(1, Math.ceil(zigzag.toString(2).length / 7))
}
