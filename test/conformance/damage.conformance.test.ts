/**
 * Damaged bytes: whatever we still read in them, Kafka reads too, and the same. The other way round
 * we are stricter on purpose: a length below -1, which Kafka takes for null, and a tagged field whose
 * size is not that of its content, which Kafka does not check, are refused.
 */
import t from 'tap'
import { ProtocolError } from '../../src/errors.js'
import { fuzzTargets, type FuzzTarget } from './fuzz-targets.js'
import { difference, kafkaShape, mapObjects, mapStrings } from './kafka-json.js'
import { MESSAGES, sample, SEED } from './messages.js'
import { mutate, numbersFrom, pick, type Random } from './mutate.js'
import { oracleTest, type Oracle } from './oracle.js'

const FRAMES_PER_VERSION = 60
const FRAMES_PER_CODEC = 600

/** A tag that a later version gives a meaning is one more unknown tag to us: passed over (KIP-482). */
const OF_LATER_VERSIONS = /Tag \d+ is not valid for version \d+/

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

await oracleTest('a damaged message that we read is what Kafka reads', async (t, oracle) => {
  const random = numbersFrom(SEED)
  for (const [index, { name, versions, codec, arbitrary }] of MESSAGES.entries()) {
    const asked = versions.flatMap((version) => {
      const frames = sample(arbitrary(version), 20, index).map((it) => codec.encode(it, version))
      const nulled = frames.slice(0, 3).flatMap(withNulls)
      return [...damagedFrames(frames, FRAMES_PER_VERSION, random), ...nulled].map((frame) =>
        compare(
          readOrNull(() => kafkaShape({ name, version }, codec.decode(frame, version))),
          () => oracle.decode({ name, version }, frame),
        ),
      )
    })
    t.strictSame(await foundIn(asked), [], `${name}: ${asked.length} frames`)
  }
})

await oracleTest('a damaged batch that we read is what Kafka reads', async (t, oracle) => {
  const random = numbersFrom(SEED)
  const batches = fuzzTargets(SEED).filter(({ name }) => name.startsWith('record batch'))
  for (const target of new Map(batches.map((it) => [it.name, it])).values()) {
    const frames = damagedFrames(target.frames, FRAMES_PER_CODEC, random)
    const asked = frames.map((frame) => compareBatch(oracle, target, target.mend(frame, random)))
    t.strictSame(await foundIn(asked), [], `${target.name}: ${asked.length} frames`)
  }
})

function compareBatch(oracle: Oracle, target: FuzzTarget, frame: Buffer): Promise<string | null> {
  const ours = readOrNull(() => target.decode(frame)) as {
    sizeBytes: number
    codecId: number
  } | null
  // Bytes behind a batch, and codecs that nobody has, are the business of who called the reader.
  if (ours === null || ours.sizeBytes !== frame.length || ours.codecId > 4) {
    return Promise.resolve(null)
  }
  const kafkas = async () => withoutTimestamps((await oracle.parseBatches(frame))[0])
  return compare(withoutTimestamps(ours), kafkas)
}

/** Where a reading of ours is not Kafka's, or null; nothing is asked where we refused. */
async function compare(ours: unknown, ask: () => Promise<unknown>): Promise<string | null> {
  if (ours === null) return null
  try {
    return difference(oneReplacement(ours), oneReplacement(await ask()))
  } catch (error) {
    return OF_LATER_VERSIONS.test(String(error)) ? null : `only Kafka refuses: ${String(error)}`
  }
}

async function foundIn(asked: readonly Promise<string | null>[]): Promise<string[]> {
  return (await Promise.all(asked)).filter((it) => it !== null).slice(0, 3)
}

function damagedFrames(frames: readonly Buffer[], count: number, random: Random): Buffer[] {
  return Array.from({ length: count }, () =>
    mutate(pick(frames, random), pick(frames, random), random),
  )
}

/**
 * A null, in both its forms, in the place of whatever a length at each byte would span: mostly
 * nonsense, but every short string is once null.
 */
function withNulls(frame: Buffer): Buffer[] {
  return Array.from(frame.keys()).flatMap((at) => [
    Buffer.concat([frame.subarray(0, at), Buffer.of(0), frame.subarray(at + (frame[at] ?? 0))]),
    Buffer.concat([
      frame.subarray(0, at),
      Buffer.of(0xff, 0xff),
      frame.subarray(at + 2 + (frame[at + 1] ?? 0)),
    ]),
  ])
}

function readOrNull(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

/** How many U+FFFD stand for one malformed stretch of UTF-8 is each decoder's own. */
function oneReplacement(value: unknown): unknown {
  return mapStrings(value, (text) => text.replaceAll(/\ufffd+/g, '\ufffd'))
}

/** Ours are numbers, and rounded where damage makes them larger than 2^53. */
function withoutTimestamps(value: unknown): unknown {
  return mapObjects(value, ([name, field]) => (/timestamp$/i.test(name) ? [] : [[name, field]]))
}
