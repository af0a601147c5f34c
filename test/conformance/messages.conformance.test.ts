/**
 * Every message in every version against Kafka's own codec: our bytes are Kafka's bytes, and we
 * read in them what Kafka reads. Set OTTLA_SEED to repeat a run.
 */
import fc from 'fast-check'
import t from 'tap'
import { bytes } from '../protocol/arbitraries/primitives.js'
import {
  compareAcrossVersions,
  compareMessage,
  compareUnknownTags,
  type MessageCase,
} from './compare-message.js'
import { hasCoordinatorLists, mapStrings, wellFormed } from './kafka-json.js'
import { MESSAGES, sample, SEED, type MessageSpec } from './messages.js'
import { oracleTest, type Oracle } from './oracle.js'

const CASES = 300
const WILD_CASES = 40
const UNKNOWN_TAG_CASES = 60
const ACROSS_CASES = 6

/** Any UTF-16 units, so that many surrogates stand alone. */
const wildText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units))

let pairs = 0
let cases = 0

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

for (const [index, spec] of MESSAGES.entries()) {
  await oracleTest(`${spec.name} is Kafka's, byte for byte`, async (t, oracle) => {
    for (const version of spec.versions) {
      const found = await compareVersion(oracle, spec, version, index * 100 + version)
      t.strictSame(found.differences, [], `v${version}: ${found.cases} cases equal`)
      pairs += 1
      cases += found.cases
    }
  })
  await oracleTest(
    `${spec.name} of one version is written in others as Kafka does`,
    async (t, oracle) => {
      const { differences, cases } = await compareVersions(oracle, spec, index)
      t.strictSame(differences, [], `${cases} cases equal, or refused by both`)
    },
  )
}

await oracleTest('nothing was left out', async (t) => {
  t.comment(`${pairs} pairs of message and version, ${cases} cases, all equal; seed ${SEED}`)
  t.equal(
    pairs,
    2 * (5 + 14 + 11 + 6 + 6 + 7 + 4 + 5 + 6 + 6 + 2 + 3 + 1 + 1),
    'every version of both messages of all APIs',
  )
  t.ok(cases >= pairs * (CASES + WILD_CASES))
})

interface Found {
  readonly cases: number
  /** The first few; empty where all is well. */
  readonly differences: readonly string[]
}

async function compareVersion(
  oracle: Oracle,
  spec: MessageSpec,
  version: number,
  salt: number,
): Promise<Found> {
  const arbitrary = spec.arbitrary(version)
  const asCase = (message: unknown): MessageCase => ({ spec, version, message })
  const plain = sample(arbitrary, CASES, salt).map((message) =>
    compareMessage(oracle, asCase(message), spec.codec.encode(message, version)),
  )
  const wild = sample(fc.tuple(arbitrary, wildText), WILD_CASES, salt).map(([message, text]) => {
    const ours = spec.codec.encode(
      mapStrings(message, () => text),
      version,
    )
    return compareMessage(oracle, asCase(mapStrings(message, () => wellFormed(text))), ours)
  })
  if (version < spec.api.flexibleFrom) return collect([...plain, ...wild])
  const tagged = sample(fc.tuple(arbitrary, bytes), UNKNOWN_TAG_CASES, salt).map(([message, tag]) =>
    compareUnknownTags(oracle, asCase(message), tag),
  )
  return collect([...plain, ...wild, ...tagged])
}

function compareVersions(oracle: Oracle, spec: MessageSpec, salt: number): Promise<Found> {
  const asked = spec.versions.flatMap((readVersion) =>
    spec.versions
      .filter((version) => isSameShape(spec, version, readVersion))
      .flatMap((version) =>
        sample(spec.arbitrary(readVersion), ACROSS_CASES, salt + version)
          .filter((message) => !isAllTopicsBeforeNull(spec, version, message))
          .map((message) => compareAcrossVersions(oracle, { spec, version, message }, readVersion)),
      ),
  )
  return collect(asked)
}

/**
 * All topics, in a version that has no null: we write the empty array that means the same there, as
 * Kafka's own client does one layer higher (MetadataRequest.Builder); its codec alone fails.
 */
function isAllTopicsBeforeNull(spec: MessageSpec, version: number, message: unknown): boolean {
  const { topics } = message as { topics?: unknown }
  return spec.name === 'MetadataRequest' && version === 0 && topics === null
}

/** Kafka has two shapes of FindCoordinator, and refuses the one in the versions of the other. */
function isSameShape(spec: MessageSpec, version: number, readVersion: number): boolean {
  if (spec.api.name !== 'FindCoordinator') return true
  return hasCoordinatorLists(version) === hasCoordinatorLists(readVersion)
}

async function collect(asked: readonly Promise<string | null>[]): Promise<Found> {
  const answers = await Promise.all(asked)
  const differences = answers.filter((it) => it !== null).slice(0, 3)
  return { cases: answers.length, differences }
}
