/**
 * Values that are not made up: flights and zip codes of the package `vega-datasets`; and, as the
 * opposite, random bytes. What `compression: 'auto'` picks is measured on them.
 *
 * Neighbours: values.ts makes the orders that the other cases send; record-source.ts reads the files.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from './random.js'
import { VALUES_SEED } from './values.js'

/** A file of values, one a line, and how long they are on average. */
export interface ValuesFile {
  readonly valuesFile: string
  readonly valueBytes: number
}

const RANDOM_VALUES = 20_000
const RANDOM_VALUE_BYTES = 100

/** 20,000 flights, each a JSON object: date, delay, distance, origin, destination. */
export function flights(): ValuesFile {
  const list = JSON.parse(readData('flights-20k.json')) as readonly object[]
  return write(
    'flights',
    list.map((flight) => JSON.stringify(flight)),
  )
}

/** 42,000 zip codes with place and position: lines of CSV, all ASCII. */
export function zipCodes(): ValuesFile {
  const lines = readData('zipcodes.csv').trim().split('\n').slice(1)
  return write(
    'zip-codes',
    lines.filter((line) => Buffer.byteLength(line) === line.length),
  )
}

/** Bytes that no codec makes fewer; in base64, which `valuesAreBase64` turns back. */
export function randomBytes(): ValuesFile {
  const random = seededRandom(VALUES_SEED)
  const byte = (): number => Math.floor(random() * 256)
  const values = Array.from({ length: RANDOM_VALUES }, () =>
    Buffer.from(Array.from({ length: RANDOM_VALUE_BYTES }, byte)).toString('base64'),
  )
  return { ...write('random', values), valueBytes: RANDOM_VALUE_BYTES }
}

function readData(name: string): string {
  // The package's map of exports hides its files.
  return readFileSync(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')), 'utf8')
}

function write(name: string, values: readonly string[]): ValuesFile {
  const valuesFile = join(tmpdir(), `ottla-bench-${process.pid}-${name}.txt`)
  const text = `${values.join('\n')}\n`
  writeFileSync(valuesFile, text)
  process.once('exit', () => rmSync(valuesFile, { force: true }))
  return { valuesFile, valueBytes: Math.round(text.length / values.length) - 1 }
}
