/**
 * The values that every subject sends: JSON of orders, made once from a seed into a file with one
 * value a line. It compresses about as real events do: names repeat, numbers and words vary.
 *
 * Neighbours: the bench writes the file; support/subject.ts and the peers read it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from './random.js'

/** Changing the generator below needs another seed: it names the file. */
export const VALUES_SEED = 20_240_605
const FILE_BYTES = 10_000_000 // far more than a codec's window, so that no codec sees a value twice
const MAX_VALUES = 50_000
const VOCABULARY_WORDS = 2_000
const CLOSING = '],"note":"'

type Random = () => number

/** Path of the file with values of that size, from 80 bytes on; written if it is not there. */
export function valuesFile(valueBytes: number): string {
  const file = join(tmpdir(), `ottla-bench-values-${VALUES_SEED}-${valueBytes}.jsonl`)
  if (existsSync(file)) return file
  const partial = `${file}.${process.pid}`
  writeFileSync(partial, `${makeValues(valueBytes).join('\n')}\n`)
  renameSync(partial, file)
  return file
}

/** The values of such a file. */
export function readValues(file: string): string[] {
  return readFileSync(file, 'latin1').split('\n').slice(0, -1)
}

/** Makes the values: ASCII, each of exactly `valueBytes` and valid JSON. */
export function makeValues(valueBytes: number, seed = VALUES_SEED): string[] {
  const random = seededRandom(seed)
  const words = Array.from({ length: VOCABULARY_WORDS }, () => makeWord(random))
  const count = Math.min(MAX_VALUES, Math.ceil(FILE_BYTES / valueBytes))
  return Array.from({ length: count }, () => makeValue(valueBytes, words, random))
}

/** An order with as many items as fit; the note fills it up to the byte. */
function makeValue(valueBytes: number, words: readonly string[], random: Random): string {
  const id = 100_000 + Math.floor(random() * 900_000)
  const head = `{"id":${id},"user":"${pick(words, random)}","items":[`
  let text = head
  for (;;) {
    const item = makeItem(words, random)
    if (text.length + item.length + CLOSING.length + 3 > valueBytes) break
    text += text === head ? item : `,${item}`
  }
  text += CLOSING
  while (text.length < valueBytes) text += `${pick(words, random)} `
  return `${text.slice(0, valueBytes - 2)}"}`
}

function makeItem(words: readonly string[], random: Random): string {
  const quantity = 1 + Math.floor(random() * 9)
  const cents = 100 + Math.floor(random() * 99_900)
  return `{"sku":"${pick(words, random)}","quantity":${quantity},"cents":${cents}}`
}

function makeWord(random: Random): string {
  const syllables = ['ka', 'lo', 'mi', 'ru', 'sen', 'tor', 've', 'zan', 'be', 'dri']
  return Array.from({ length: 3 + Math.floor(random() * 2) }, () => pick(syllables, random)).join(
    '',
  )
}

function pick(list: readonly string[], random: Random): string {
  return list[Math.floor(random() * list.length)] ?? ''
}
