/** Damage to bytes, repeatable from a seed: what the network, or an enemy, might make of a frame. */

/** An integer from 0 up to, not including, `bound`. */
export type Random = (bound: number) => number

type Mutation = (bytes: Buffer, random: Random) => Buffer

/** mulberry32: small, and good enough to choose where to hit. */
export function numbersFrom(seed: number): Random {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

/** A random item of a list that is not empty. */
export function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)] as T // below length
}

/** One to four mutations of a copy of `bytes`; one in ten times spliced with `other` first. */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Buffer {
  let damaged = random(10) === 0 ? splice(bytes, other, random) : Buffer.from(bytes)
  for (let count = 1 + random(4); count > 0; count--) {
    damaged = pick(MUTATIONS, random)(damaged, random)
  }
  return damaged
}

/** What lengths, counts and ids are when somebody means harm: extremes, and one off. */
const EXTREMES = ['00', '01', '7f', '80', 'ff', '7fff', '8000', 'ffff', '7fffffff', '80000000']
  .concat('ffffffff', '00ffffff', 'ffffffff0f', 'ffffffff07', 'ffffffffffffffffff01')
  .map((digits) => Buffer.from(digits, 'hex'))

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random(bytes.length + 1)
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
    return bytes
  },
  function setByte(bytes, random) {
    const at = random(bytes.length + 1)
    if (at < bytes.length) bytes[at] = random(256)
    return bytes
  },
  function overwrite(bytes, random) {
    pick(EXTREMES, random).copy(bytes, random(bytes.length + 1))
    return bytes
  },
  function insert(bytes, random) {
    const at = random(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), pick(EXTREMES, random), bytes.subarray(at)])
  },
  function remove(bytes, random) {
    const at = random(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))])
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random(bytes.length + 1))
  },
  function repeat(bytes, random) {
    const at = random(bytes.length + 1)
    const part = bytes.subarray(at, at + 1 + random(16))
    return Buffer.concat([bytes.subarray(0, at), part, part, bytes.subarray(at)])
  },
]

function splice(head: Buffer, tail: Buffer, random: Random): Buffer {
  const from = random(tail.length + 1)
  return Buffer.concat([head.subarray(0, random(head.length + 1)), tail.subarray(from)])
}
