/**
 * Scripts of raw transactional requests that Kafka and the test cluster must answer alike. Each gives the
 * list of the answers that it got; producer ids are named in the order in which they appear, and what
 * may take a moment is asked for until it is there.
 */
import { NOBODY, RawTransactions, transactional, type Identity } from './support.js'
import { makeBatch } from '../support/batches.js'

/** Where a script runs. */
export interface Place {
  readonly address: string
  /** Unique for the script; transactional ids and groups begin with it. */
  readonly name: string
  /** Has two partitions. */
  readonly topic: string
  readonly level: 1 | 2
}

export type Script = (play: Play) => Promise<void>

/** Answers for a moment, while a coordinator is found or a marker written. */
const UNSETTLED: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
])
const MOST_TRIES = 200
const PAUSE_MS = 50

/** One run of a script. */
export class Play {
  readonly seen: unknown[] = []
  readonly place: Place
  readonly topic: string
  readonly group: string
  readonly #ids: bigint[] = []
  readonly #clients: RawTransactions[] = []

  constructor(place: Place) {
    this.place = place
    this.topic = place.topic
    this.group = `${place.name}-group`
  }

  client(which = 'a'): RawTransactions {
    const { address, name, level } = this.place
    const client = new RawTransactions(address, `${name}-${which}`, level)
    this.#clients.push(client)
    return client
  }

  /** Where the batches of each client are, repetitions left out: markers take an offset each. */
  get baseOffsets(): bigint[][] {
    return this.#clients.map(({ baseOffsets }) => [...new Set(baseOffsets)])
  }

  /** Notes an answer, once it is no longer one of the moment. */
  async note<Answer extends string | (Identity & { error: string })>(
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const answer = await ask()
      const error = typeof answer === 'string' ? answer : answer.error
      if (UNSETTLED.has(error) && tries < MOST_TRIES) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        continue
      }
      this.seen.push(this.#named(answer))
      return answer
    }
  }

  /** Notes an answer whatever it is. */
  async noteNow(ask: () => Promise<string | (Identity & { error: string })>): Promise<void> {
    this.seen.push(this.#named(await ask()))
  }

  /** Asks until the answer is that. */
  async until(expected: string, ask: () => Promise<string>): Promise<void> {
    let answer = await ask()
    for (let tries = 0; answer !== expected && tries < MOST_TRIES; tries++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      answer = await ask()
    }
    this.seen.push(answer)
  }

  /** Whose identity the next transaction has. */
  next(now: Identity, answer: Identity): Identity {
    return this.place.level === 2 ? answer : now
  }

  /** Level 1 says first which partitions there are. */
  async begin(client: RawTransactions, now: Identity, partitions = [0]): Promise<void> {
    if (this.place.level === 2) return
    await this.note(() => client.add(now, { [this.topic]: partitions }))
  }

  #named(answer: string | (Identity & { error: string })): unknown {
    if (typeof answer === 'string') return answer
    const { error, producerId, producerEpoch } = answer
    if (producerId < 0n) return [error, 'nobody', producerEpoch]
    if (!this.#ids.includes(producerId)) this.#ids.push(producerId)
    return [error, `id ${this.#ids.indexOf(producerId)}`, producerEpoch]
  }
}

const other = ({ producerId, producerEpoch }: Identity, by: number): Identity => {
  return { producerId, producerEpoch: producerEpoch + by }
}

export const SCRIPTS: Readonly<Record<string, Script>> = {
  'init, and init again': async (play) => {
    const client = play.client()
    await play.note(() => client.find('transaction').then(({ error }) => error))
    const first = await play.note(() => client.init())
    const second = await play.note(() => client.init())
    await play.note(() => client.init(first))
    await play.note(() => client.init(second))
    await play.note(() => client.init(second)) // its answer was lost
    await play.note(() => client.init(other(second, 5)))
    await play.note(() => client.init({ producerId: 1n << 40n, producerEpoch: 0 }))
    await play.note(() => client.init({ producerId: second.producerId, producerEpoch: -1 }))
    await play.note(() => client.init(NOBODY, { transactionTimeoutMs: 0 }))
    await play.note(() => client.init(NOBODY, { transactionTimeoutMs: 900_001 }))
    await play.note(() => client.init(NOBODY, { transactionalId: '' }))
  },
  'an id that was never initialized': async (play) => {
    const client = play.client()
    const somebody = { producerId: 1n << 40n, producerEpoch: 0 }
    await play.note(() => client.add(somebody, { [play.topic]: [0] }))
    await play.note(() => client.addOffsets(somebody, play.group))
    await play.note(() => client.end(somebody, true))
    await play.note(() => client.produce(somebody, play.topic, 0))
    await play.note(() => client.init(somebody))
  },
  'commits, one after the other': async (play) => {
    const client = play.client()
    let now: Identity = await play.note(() => client.init())
    for (let round = 0; round < 3; round++) {
      const sequence = play.place.level === 2 ? 0 : round * 2
      await play.begin(client, now)
      await play.note(() => client.produce(now, play.topic, sequence))
      await play.note(() => client.produce(now, play.topic, sequence + 1))
      now = play.next(now, await play.note(() => client.end(now, round !== 1)))
    }
  },
  'the end again': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    for (const committed of [true, false]) {
      const mine: Identity = committed ? now : play.next(now, other(now, 1))
      await play.begin(client, mine)
      const sequence = play.place.level === 1 && !committed ? 1 : 0
      await play.note(() => client.produce(mine, play.topic, sequence))
      await play.note(() => client.end(mine, committed))
      await play.note(() => client.end(mine, committed))
      await play.note(() => client.end(mine, !committed))
    }
  },
  'an end without a transaction': async (play) => {
    const client = play.client()
    let now: Identity = await play.note(() => client.init())
    await play.note(() => client.end(now, true))
    const aborted = await play.note(() => client.end(now, false))
    if (aborted.error === 'NONE') now = play.next(now, aborted)
    await play.note(() => client.end(now, true))
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 0))
    now = play.next(now, await play.note(() => client.end(now, true)))
    await play.note(() => client.end(now, true))
    await play.note(() => client.end(now, false))
  },
  'wrong identities': async (play) => {
    const client = play.client()
    await play.note(() => client.find('group', play.group).then(({ error }) => error))
    const now: Identity = await play.note(() => client.init())
    const stranger = { producerId: 1n << 40n, producerEpoch: 0 }
    for (const wrong of [other(now, 1), other(now, 3), stranger]) {
      await play.note(() => client.add(wrong, { [play.topic]: [0] }))
      await play.note(() => client.end(wrong, true))
      await play.note(() => client.end(wrong, false))
      await play.note(() => client.produce(wrong, play.topic, 0))
      await play.note(() => client.addOffsets(wrong, play.group))
      await play.note(() => client.commitOffsets(wrong, play.group, { [play.topic]: 1n }))
    }
    await play.note(() => client.add(other(now, 1), { [play.topic]: [0] }, 1))
    await play.note(() => client.end(other(now, 1), true, 1))
    await play.note(() => client.init(other(now, 1), { version: 3 }))
  },
  'a new instance while one is open': async (play) => {
    const client = play.client()
    const old: Identity = await play.note(() => client.init())
    await play.begin(client, old)
    await play.note(() => client.produce(old, play.topic, 0))
    await play.noteNow(() => client.init()) // always refused once
    const young = await play.note(() => client.init())
    await play.note(() => client.produce(old, play.topic, 1))
    await play.note(() => client.add(old, { [play.topic]: [0] }))
    await play.note(() => client.end(old, true))
    await play.note(() => client.end(old, false))
    await play.note(() => client.init(old))
    await play.begin(client, young)
    await play.note(() => client.produce(young, play.topic, 0))
    await play.note(() => client.end(young, true))
  },
  'the same instance inits while its transaction is open': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 0))
    await play.noteNow(() => client.init(now))
    await play.note(() => client.init(now))
  },
  'a bump after an abort': async (play) => {
    const client = play.client()
    let now: Identity = await play.note(() => client.init())
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 0))
    now = play.next(now, await play.note(() => client.end(now, false)))
    const before = now
    now = await play.note(() => client.init(now))
    await play.note(() => client.produce(before, play.topic, 1))
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 3)) // a new epoch begins with 0
    await play.note(() => client.produce(now, play.topic, 0))
    await play.note(() => client.end(now, true))
  },
  'a batch for a partition that was not added': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    for (const version of [9, 10, 11]) {
      await play.note(() => client.produce(now, play.topic, 0, { version }))
    }
    await play.note(() => client.add(now, { [play.topic]: [0] }))
    await play.note(() => client.produce(now, play.topic, 0, { version: 11 }))
    await play.note(() => client.produce(now, play.topic, 0, { version: 11, partition: 1 }))
    await play.note(() => client.end(now, false))
  },
  'batches that belong to no transaction, or to two': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    await play.note(() => client.produce(now, play.topic, 0, { transactionalId: null }))
    await play.begin(client, now, [0, 1])
    const mixed = [0, 1].map((index) => ({
      index,
      records: makeBatch({
        producerId: now.producerId,
        epoch: now.producerEpoch + index,
        sequence: 0,
        damage: transactional,
      }),
    }))
    await play.note(() => client.produceBytes(play.topic, mixed))
    await play.note(() => client.produce(now, play.topic, 0))
    // A plain batch within an open transaction.
    await play.note(() => client.produce(now, play.topic, 1, { damage: () => {} }))
    await play.note(() => client.produce(now, play.topic, 2))
    await play.note(() => client.produce(now, play.topic, 0)) // again
    await play.note(() => client.end(now, true))
  },
  'a batch after the end': async (play) => {
    const client = play.client()
    let now: Identity = await play.note(() => client.init())
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 0))
    const before = now
    now = play.next(now, await play.note(() => client.end(now, true)))
    await play.note(() => client.init(now).then(({ error }) => error)) // the markers are there
    await play.note(() => client.produce(before, play.topic, 1))
  },
  'a first sequence that is not 0': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    await play.begin(client, now)
    await play.note(() => client.produce(now, play.topic, 5))
    await play.note(() => client.produce(now, play.topic, 0))
    await play.note(() => client.end(now, true))
  },
  'a batch that is refused is part of the transaction all the same': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    await play.begin(client, now)
    const damage = (batch: Buffer): void => {
      transactional(batch)
      batch.writeInt32BE(7, 23)
    }
    await play.note(() => client.produce(now, play.topic, 0, { damage }))
    await play.note(() => client.end(now, true))
  },
  'unknown topics': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    await play.note(() => client.add(now, { 'there-is-none': [0], [play.topic]: [0] }))
    await play.note(() => client.add(now, { [play.topic]: [0, 9] }))
    await play.note(() => client.end(now, true))
  },
  'two producers in one partition': async (play) => {
    const [a, b] = [play.client('a'), play.client('b')]
    const ofA: Identity = await play.note(() => a.init())
    const ofB: Identity = await play.note(() => b.init())
    await play.begin(a, ofA)
    await play.begin(b, ofB)
    await play.note(() => a.produce(ofA, play.topic, 0))
    await play.note(() => b.produce(ofB, play.topic, 0))
    await play.note(() => a.produce(ofA, play.topic, 1))
    await play.note(() => a.end(ofA, true))
    await play.note(() => a.init().then(({ error }) => error)) // the marker is there
    await play.note(() => b.produce(ofB, play.topic, 1))
    await play.note(() => b.end(ofB, false))
    await play.note(() => a.end(ofB, false)) // of the other's id
  },
  'offsets of a group': async (play) => {
    const client = play.client()
    const offsets = { [play.topic]: 5n }
    await play.note(() => client.find('group', play.group).then(({ error }) => error))
    let now: Identity = await play.note(() => client.init())
    if (play.place.level === 1) await play.note(() => client.addOffsets(now, play.group))
    await play.note(() => client.commitOffsets(now, play.group, offsets))
    await play.note(() => client.commitOffsets(now, play.group, { 'there-is-none': 1n }))
    await play.note(() => client.commitOffsets(now, play.group, offsets, { generationId: 3 }))
    await play.note(() => client.commitOffsets(now, play.group, offsets, { memberId: 'm' }))
    await play.note(() => client.commitOffsets(now, '', offsets))
    now = play.next(now, await play.note(() => client.end(now, true)))
    await play.note(() => client.init(now).then(({ error }) => error))
    await play.note(() => client.commitOffsets(now, play.group, offsets))
  },
  'offsets of a group that was not added': async (play) => {
    const client = play.client()
    const now: Identity = await play.note(() => client.init())
    const offsets = { [play.topic]: 5n }
    await play.note(() => client.commitOffsets(now, play.group, offsets, {}, 3))
    await play.note(() => client.commitOffsets(now, play.group, offsets, {}, 4))
    await play.note(() => client.end(now, false))
  },
}

/** A transaction that its coordinator has aborted, and what its producer asks then. */
async function afterTimeout(play: Play): Promise<{ client: RawTransactions; now: Identity }> {
  const client = play.client()
  await play.note(() => client.find('transaction').then(({ error }) => error))
  // The first of all takes a broker that has just started longer than any timeout of a test.
  const first: Identity = await play.note(() => client.init())
  await play.begin(client, first)
  await play.note(() => client.produce(first, play.topic, 0))
  await play.note(() => client.end(first, false))
  const now: Identity = await play.note(() => client.init(NOBODY, { transactionTimeoutMs: 1000 }))
  await play.begin(client, now)
  await play.note(() => client.produce(now, play.topic, 0))
  // The same batch again is good for as long as its epoch is.
  await play.until('INVALID_PRODUCER_EPOCH', () => client.produce(now, play.topic, 0))
  return { client, now }
}

/** For coordinators that look for timeouts every moment. */
export const TIMEOUT_SCRIPTS: Readonly<Record<string, Script>> = {
  'an abort after a timeout': async (play) => {
    const { client, now } = await afterTimeout(play)
    await play.note(() => client.produce(now, play.topic, 1))
    await play.note(() => client.end(now, false))
    await play.note(() => client.end(now, false))
  },
  'a commit after a timeout, and an abort': async (play) => {
    const { client, now } = await afterTimeout(play)
    await play.note(() => client.end(now, true))
    await play.note(() => client.end(now, false))
  },
  'an init after a timeout': async (play) => {
    const { client, now } = await afterTimeout(play)
    const next = await play.note(() => client.init(now))
    if (next.error !== 'NONE') return
    await play.begin(client, next)
    await play.note(() => client.produce(next, play.topic, 0))
    await play.note(() => client.end(next, true))
  },
  'more after a timeout': async (play) => {
    const { client, now } = await afterTimeout(play)
    await play.note(() => client.find('group', play.group).then(({ error }) => error))
    await play.note(() => client.add(now, { [play.topic]: [1] }))
    await play.note(() => client.addOffsets(now, play.group))
    await play.note(() => client.commitOffsets(now, play.group, { [play.topic]: 1n }))
    await play.note(() => client.init())
  },
}
