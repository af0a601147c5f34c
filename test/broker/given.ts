/**
 * The Kafka that the environment gives: a user's (`KAFKA_BROKERS` alone), or one that a parent
 * process started for its children (run.ts), which then says more about it.
 *
 *   KAFKA_BROKERS          host:port, separated by commas
 *   OTTLA_KAFKA_KIND       how it was started: docker, jars
 *   OTTLA_KAFKA_VERSION    e.g. 4.3.1
 *   OTTLA_KAFKA_FOLDER     the folder of its nodes (jars only), for DumpLogSegments
 */
import type { Kafka, StartOptions } from './kafka.js'

/** What is known of a Kafka that this process did not start. */
export interface GivenKafka {
  readonly kind: Kafka['kind']
  readonly version: string | undefined
  readonly bootstrap: readonly string[]
  readonly folder: string | undefined
}

/** The Kafka of the environment, or undefined if there is none. */
export function givenKafka(environment = process.env): GivenKafka | undefined {
  const bootstrap = (environment.KAFKA_BROKERS ?? '').split(',').filter((it) => it.trim() !== '')
  if (bootstrap.length === 0) return undefined
  const kind = environment.OTTLA_KAFKA_KIND
  return {
    kind: kind === 'docker' || kind === 'jars' ? kind : 'given',
    version: environment.OTTLA_KAFKA_VERSION || undefined,
    bootstrap: bootstrap.map((address) => address.trim()),
    folder: environment.OTTLA_KAFKA_FOLDER || undefined,
  }
}

/** Null if the given Kafka is what the options ask for, else why it is not. */
export function whyNotGiven(given: GivenKafka, options: StartOptions): string | null {
  if (options.own === true) return 'this one must not be shared'
  if (options.config !== undefined) return 'this one has broker settings of its own'
  if (options.version !== undefined && options.version !== given.version) {
    return `it is ${given.version ?? 'of unknown version'}, and ${options.version} is wanted`
  }
  if ((options.nodes ?? 1) > given.bootstrap.length) return `${options.nodes} nodes are wanted`
  return null
}

/** The environment with which a child process finds a Kafka. */
export function environmentOf(given: GivenKafka): Record<string, string> {
  return {
    KAFKA_BROKERS: given.bootstrap.join(','),
    OTTLA_KAFKA_KIND: given.kind,
    OTTLA_KAFKA_VERSION: given.version ?? '',
    OTTLA_KAFKA_FOLDER: given.folder ?? '',
  }
}
