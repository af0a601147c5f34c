/**
 * A producer's metrics for prom-client: `ottla/prometheus`. A scrape reads one snapshot of each
 * producer (`producer.metrics()`, `producer.health()`); between scrapes nothing is done at all.
 *
 * After: collection.ts has what is registered, figures.ts the names.
 */
import { register, Registry } from 'prom-client'
import { ConfigError } from '../errors.js'
import { checkOptionNames } from '../plain-options.js'
import { Collection, type PrometheusRegistry, type Source } from './collection.js'
import type { MetricsSource } from './figures.js'

export type { PrometheusRegistry } from './collection.js'
export type { MetricsSource } from './figures.js'

/** Options of `collectMetrics`. */
export interface CollectMetricsOptions {
  /** prom-client's registry; default its global one, `register`. */
  readonly registry?: PrometheusRegistry | undefined
  /** What every name begins with. Default `ottla_producer_`. */
  readonly prefix?: string | undefined
  /**
   * Labels of every series of this producer. Default `{ client_id: producer.clientId }`, to which these
   * are added. Two producers of one registry need labels that differ.
   */
  readonly labels?: Readonly<Record<string, string | number>> | undefined
  /** Series by topic (6 for each). Default true. */
  readonly byTopic?: boolean | undefined
  /** Series by broker (2 histograms and 4 more for each). Default true. */
  readonly byBroker?: boolean | undefined
}

const PREFIX = 'ottla_producer_'
const OPTIONS = ['registry', 'prefix', 'labels', 'byTopic', 'byBroker']
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/
/** Ottla's, and Prometheus' own. */
const RESERVED = ['topic', 'broker', 'le']

/** What is registered where, by registry and prefix. */
const collections = new WeakMap<object, Map<string, Collection>>()

/**
 * Has prom-client's registry show this producer's metrics with every scrape. Returns how to take that
 * back: until then the registry holds on to the producer, and shows the last figures of a closed one.
 * A closed producer makes way for a new one with the same labels.
 *
 * Throws ConfigError for options that are none, for labels that another producer of the registry has,
 * and for a name that the registry has from somewhere else.
 */
export function collectMetrics(
  producer: MetricsSource,
  options: CollectMetricsOptions = {},
): () => void {
  checkLibrary()
  checkProducer(producer)
  checkOptions(options)
  const { registry = register, prefix = PREFIX, byTopic = true, byBroker = true } = options
  const labels = labelsOf(producer, options.labels)
  const collection = collectionOf(registry, prefix)
  const source: Source = { producer, labels, byTopic, byBroker }
  collection.add(source)
  return () => collection.remove(source)
}

function collectionOf(registry: PrometheusRegistry, prefix: string): Collection {
  const byPrefix = collections.get(registry) ?? new Map<string, Collection>()
  collections.set(registry, byPrefix)
  const collection = byPrefix.get(prefix) ?? new Collection(registry, prefix)
  byPrefix.set(prefix, collection)
  return collection
}

function labelsOf(
  { clientId }: MetricsSource,
  given: Readonly<Record<string, string | number>> = {},
): Record<string, string> {
  const labels = Object.entries({ client_id: clientId, ...given })
  return Object.fromEntries(labels.map(([name, value]) => [name, String(value)]))
}

/** Before version 13 a registry did not wait for what a metric's `get` promises. */
function checkLibrary(): void {
  if (typeof (new Registry().metrics() as unknown) !== 'string') return
  throw new ConfigError(
    'ottla/prometheus needs prom-client 13 or later, and found an older one: npm install prom-client@15',
  )
}

/** Plain JavaScript gives anything. */
function checkProducer(producer: MetricsSource): void {
  if (typeof (Object(producer) as Partial<MetricsSource>).metrics === 'function') return
  throw new ConfigError(
    'collectMetrics is given no producer: its first argument is a Producer, or a TransactionalProducer (of a TransactionalPool, each of its `producers`)',
  )
}

function checkOptions(options: CollectMetricsOptions): void {
  checkOptionNames('collectMetrics', options, OPTIONS)
  const { registry, prefix = PREFIX, labels = {} } = options
  if (registry !== undefined && !isRegistry(registry)) {
    throw new ConfigError('option registry of collectMetrics is no Registry of prom-client')
  }
  if (typeof prefix !== 'string' || !NAME.test(prefix)) {
    throw new ConfigError(
      `option prefix of collectMetrics begins no name of Prometheus: ${JSON.stringify(prefix)}`,
    )
  }
  if (typeof labels !== 'object' || (labels as unknown) === null) {
    throw new ConfigError('option labels of collectMetrics is no object of labels by name')
  }
  for (const name of Object.keys(labels)) checkLabel(name)
}

function isRegistry(given: unknown): boolean {
  return typeof (Object(given) as Partial<PrometheusRegistry>).registerMetric === 'function'
}

function checkLabel(name: string): void {
  if (RESERVED.includes(name)) {
    throw new ConfigError(`option labels of collectMetrics has "${name}", which Ottla sets itself`)
  }
  if (!LABEL.test(name)) {
    throw new ConfigError(
      `option labels of collectMetrics has no name of a label: ${JSON.stringify(name)}`,
    )
  }
}
