/**
 * A whole producer on a virtual clock whose log is read.
 *
 * Neighbours: log.test.ts and outage-lines.test.ts.
 */
import type { ProducerOptions } from '../../../src/producer/options/options.js'
import type { TestClusterOptions } from '../../../src/testing/cluster.js'
import { simulate, type Simulation } from '../../testing/support/simulation.js'

export interface Line {
  readonly level: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger, and what it was told. */
export class ReadLog {
  readonly lines: Line[] = []
  readonly logger = {
    debug: this.#at('debug'),
    info: this.#at('info'),
    warn: this.#at('warn'),
    error: this.#at('error'),
  }

  #at(level: string) {
    return (facts: object, message: string): void => {
      this.lines.push({ level, facts: { ...facts }, message })
    }
  }

  /** Without what is told at debug. */
  told(): string[] {
    return this.lines
      .filter(({ level }) => level !== 'debug')
      .map(({ level, message }) => `${level} ${message.replace(/ at \S+/, '')}`)
  }

  /** The facts of the lines of that level. */
  factsOf(level: string): Line['facts'][] {
    return this.lines.filter((line) => line.level === level).map(({ facts }) => facts)
  }
}

export interface Logged extends Simulation {
  readonly log: ReadLog
  told(): string[]
  readonly lines: Line[]
}

export const ONE = { topics: { t: {} } }

export async function start(
  cluster: TestClusterOptions = ONE,
  options: Partial<ProducerOptions> = {},
): Promise<Logged> {
  const log = new ReadLog()
  const it = await simulate(cluster, { logger: log.logger, ...options })
  return { ...it, log, lines: log.lines, told: () => log.told() }
}

export const pass = async (it: Pick<Simulation, 'clock'>, ms: number): Promise<void> => {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) await it.clock.advanceSettled(100)
}

export const send = (it: Simulation, partition?: number): Promise<unknown> =>
  it.producer.send({ topic: 't', value: 'x', partition })
