/**
 * The demo's input: two files of the package `vega-datasets`, flights in the USA. 20,000 of them
 * name their airports and are keyed by the origin; 200,000 do not, and have no key.
 *
 * After: produce.ts sends them.
 */
import { readFile } from 'node:fs/promises'

/** A record before it is sent. */
export interface Flight {
  /** The origin airport, such as `LAX`. */
  readonly key: string | null
  /** The flight as JSON. */
  readonly value: string
}

/** All 220,000, the keyed ones first. */
export async function loadFlights(): Promise<Flight[]> {
  const [keyed, keyless] = await Promise.all([
    readJson('flights-20k.json'),
    readJson('flights-200k.json'),
  ])
  return [...keyed, ...keyless].map((flight) => ({
    key: flight.origin ?? null,
    value: JSON.stringify(flight),
  }))
}

async function readJson(name: string): Promise<{ readonly origin?: string }[]> {
  // The package exports its entry only, and its data lie in the folder beside that one.
  const file = new URL(`../data/${name}`, import.meta.resolve('vega-datasets'))
  return JSON.parse(await readFile(file, 'utf8')) as { origin?: string }[]
}
