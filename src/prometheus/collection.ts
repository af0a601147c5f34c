/**
 * The metrics of one registry under one prefix, for any number of producers: each name is registered
 * once, and has the series of them all.
 *
 *   scrape ──> ExposedMetric.get (one for each name) ──> Readings (one snapshot a scrape) ──> figures.ts
 *
 * prom-client's own Counter and Histogram can only be counted up. What a registry needs is less than
 * they are: an object with name, help, type, aggregator and `get()`, as prom-client itself makes them for
 * a cluster's sums (AggregatorRegistry).
 *
 * Before: prometheus.ts.
 */
import { ConfigError } from '../errors.js'
import { FIGURES, type Figure, type MetricsSource, type Reading } from './figures.js'
import { valuesOf, type ExposedValue } from './values.js'

/** What is needed of prom-client's Registry, from version 13 on. */
export interface PrometheusRegistry {
  registerMetric(metric: object): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

/** A producer that is shown. */
export interface Source {
  readonly producer: MetricsSource
  readonly labels: Readonly<Record<string, string>>
  readonly byTopic: boolean
  readonly byBroker: boolean
}

/** A producer's figures at one moment. */
interface SourceReading extends Reading {
  readonly source: Source
}

export class Collection {
  readonly #registry: PrometheusRegistry
  readonly #sources = new Set<Source>()
  readonly #metrics: readonly ExposedMetric[]
  #readings: readonly SourceReading[] | null = null

  constructor(registry: PrometheusRegistry, prefix: string) {
    this.#registry = registry
    this.#metrics = FIGURES.map((figure) => new ExposedMetric(figure, prefix, () => this.#read()))
  }

  /** Throws ConfigError where its labels are another's. */
  add(source: Source): void {
    const twin = [...this.#sources].find(({ labels }) => areSame(labels, source.labels))
    if (twin !== undefined && !isClosed(twin)) throw sameLabels(source)
    this.#register() // anew each time: the user may have cleared the registry
    if (twin !== undefined) this.#sources.delete(twin)
    this.#sources.add(source)
    this.#readings = null
  }

  /** Idempotent. */
  remove(source: Source): void {
    this.#sources.delete(source)
    this.#readings = null
    if (this.#sources.size > 0) return
    for (const { fullName } of this.#ours()) this.#registry.removeSingleMetric(fullName)
  }

  /** Those of ours that are registered now. */
  #ours(): ExposedMetric[] {
    return this.#metrics.filter((metric) => {
      return this.#registry.getSingleMetric(metric.fullName) === metric
    })
  }

  /** All of them, or none. */
  #register(): void {
    for (const metric of this.#metrics) {
      const there = this.#registry.getSingleMetric(metric.fullName)
      if (there !== undefined && there !== metric) throw nameIsTaken(metric)
    }
    for (const metric of this.#metrics) this.#registry.registerMetric(metric)
  }

  /** A registry asks all its metrics within one turn: they see the same moment. */
  #read(): readonly SourceReading[] {
    if (this.#readings === null) {
      this.#readings = [...this.#sources].map((source) => {
        const { producer } = source
        return { source, metrics: producer.metrics(), health: producer.health?.() ?? null }
      })
      void Promise.resolve().then(() => (this.#readings = null))
    }
    return this.#readings
  }
}

/** One name, as prom-client's Registry takes it. */
class ExposedMetric {
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly fullName: string
  readonly #figure: Figure
  readonly #read: () => readonly SourceReading[]
  #givenName: string | null = null

  constructor(figure: Figure, prefix: string, read: () => readonly SourceReading[]) {
    this.#figure = figure
    this.#read = read
    this.fullName = prefix + figure.name
    this.help = figure.help
    this.type = figure.type
    this.aggregator = figure.aggregator
  }

  get name(): string {
    return this.#givenName ?? this.fullName
  }

  /**
   * Of a registry for OpenMetrics, before each `get`: a counter's name without `_total`, which it then
   * puts behind each series. Only for that once: the next scrape may be for Prometheus.
   */
  set name(name: string) {
    this.#givenName = name
  }

  /** What prom-client writes down, sums up, or gives as JSON. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this
    this.#givenName = null
    const values: ExposedValue[] = []
    for (const reading of this.#read()) {
      const { labels } = reading.source
      if (this.#isShown(reading.source))
        values.push(...valuesOf(this.#figure, name, reading, labels))
    }
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  #isShown({ byTopic, byBroker }: Source): boolean {
    const { of } = this.#figure
    return of === 'producer' || (of === 'topic' ? byTopic : byBroker)
  }

  /** `registry.resetMetrics()`: the figures are the producers', and stay. */
  reset(): void {}
}

function areSame(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
  )
}

function isClosed({ producer }: Source): boolean {
  const status = producer.health?.().status
  return status === 'closed' || status === 'closing' || status === 'failed'
}

function sameLabels({ labels }: Source): ConfigError {
  return new ConfigError(
    `another producer with the labels ${JSON.stringify(labels)} is in this registry: give each a clientId of its own, or the option labels`,
  )
}

function nameIsTaken({ fullName }: ExposedMetric): ConfigError {
  return new ConfigError(
    `the registry has a metric ${fullName} from elsewhere: give the option prefix, or another registry`,
  )
}
