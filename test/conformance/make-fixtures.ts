/**
 * Writes test/fixtures/protocol anew from Kafka's own codec:
 *
 *   npx tsc && node build/test/conformance/make-fixtures.js
 *
 * The same Kafka makes the same bytes, but for the compressed batches: those follow the versions of
 * the libraries that Kafka brings.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { plainRecords } from './batches.js'
import {
  fixtureFile,
  GOLDEN_BATCHES,
  GOLDEN_HEADERS,
  GOLDEN_MARKERS,
  GOLDEN_MESSAGES,
  GOLDEN_RECORDS,
} from './golden.js'
import { kafkaJson } from './kafka-json.js'
import { startOracle, type Oracle } from './oracle.js'

const DIGITS_PER_LINE = 96

async function main(): Promise<void> {
  const oracle = await startOracle((line) => console.log(line))
  try {
    const fixtures = await fixturesOf(oracle)
    removeOldFixtures()
    for (const [fixture, bytes] of fixtures) writeFileSync(fixtureFile(fixture), hexLines(bytes))
    console.log(`${fixtures.size} fixtures written`)
  } finally {
    await oracle.stop()
  }
}

async function fixturesOf(oracle: Oracle): Promise<Map<string, Buffer>> {
  const fixtures = new Map<string, Buffer>()
  for (const { fixture, spec, version, message, unknownTag } of GOLDEN_MESSAGES) {
    const options = unknownTag === undefined ? {} : { unknownTag }
    const id = { name: spec.name, version }
    fixtures.set(fixture, await oracle.encode(id, kafkaJson(id, message), options))
  }
  for (const { fixture, name, version, json } of GOLDEN_HEADERS) {
    fixtures.set(fixture, await oracle.encode({ name, version }, json))
  }
  const records = plainRecords(GOLDEN_RECORDS)
  for (const { fixture, plan } of GOLDEN_BATCHES) {
    fixtures.set(fixture, await oracle.buildBatch({ ...plan, records }))
  }
  for (const { fixture, plan } of GOLDEN_MARKERS) {
    fixtures.set(fixture, await oracle.buildEndMarker(plan))
  }
  return fixtures
}

/** A fixture that is no longer made must not stay behind. */
function removeOldFixtures(): void {
  const folder = dirname(fixtureFile('any'))
  const old = readdirSync(folder).filter((name) => name.endsWith('.hex'))
  for (const name of old) rmSync(join(folder, name))
}

function hexLines(bytes: Buffer): string {
  const lines = bytes.toString('hex').match(new RegExp(`.{1,${DIGITS_PER_LINE}}`, 'g')) ?? []
  return lines.map((line) => `${line}\n`).join('')
}

await main()
