/**
 * A producer's metrics as OpenTelemetry's asynchronous instruments: read once for each collection, off
 * one snapshot, so that nothing is counted twice and a send costs nothing.
 *
 *   reader collects ──> producer.metrics() ──> instruments.ts: what stands where ──> observations
 *
 * Neighbours: instruments.ts has the instruments; operation-metrics.ts what a snapshot cannot give.
 */
import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import { ConfigError } from '../errors.js'
import type { MetricsHistogram, ProducerMetrics } from '../producer/metrics.js'
import { ATTRIBUTE, SYSTEM } from './conventions.js'
import {
  HISTOGRAMS_OF_BROKERS,
  HISTOGRAMS_OF_PRODUCER,
  OF_BROKERS,
  OF_PRODUCER,
  OF_TOPICS,
  type HistogramOf,
  type InstrumentOf,
} from './instruments.js'
import { commonAttributes, meterOf, type MeterOptions } from './meter-options.js'

/** What has metrics: a Producer or a TransactionalProducer. */
export interface HasMetrics {
  metrics(): ProducerMetrics
  /** For `messaging.client.id`, unless the options have it. */
  readonly clientId?: string | undefined
  /** A closed one makes way for another with its attributes. */
  readonly health?: (() => { readonly status: string }) | undefined
}

type Observe = (observable: Observable, value: number, attributes: Attributes) => void
/** Observes what it stands for in `from`. */
type Reader<From> = (from: From, observe: Observe, attributes: Attributes) => void

/**
 * Gives a meter the metrics of a producer, as they are at each collection: `messaging.client.sent.messages`
 * by topic, and `ottla.producer.*`. A histogram of the snapshot becomes `.count` and `.sum`, which give
 * the mean of any interval, and a gauge of its quantiles since the producer was made. Returns what
 * takes the producer off again, once it is closed.
 *
 * Throws ConfigError for options that are none, and for attributes that another producer of the meter has,
 * unless that one is closed: the SDK would take two counters for one that falls and rises.
 */
export function observeMetrics(producer: HasMetrics, options: MeterOptions = {}): () => void {
  const meter = meterOf('observeMetrics', options)
  const { clientId = producer.clientId } = options
  const common = { [ATTRIBUTE.system]: SYSTEM, ...commonAttributes({ ...options, clientId }) }
  const seats = seatsOf(meter)
  const name = JSON.stringify(Object.entries(common).sort())
  const twin = seats.get(name)
  if (twin !== undefined && !isClosed(twin.producer)) throw sameAttributes(common)
  twin?.leave()
  const stop = beginObserving(producer, meter, common)
  const seat: Seat = {
    producer,
    leave: () => {
      stop()
      if (seats.get(name) === seat) seats.delete(name)
    },
  }
  seats.set(name, seat)
  return seat.leave
}

/** A producer that is observed. */
interface Seat {
  readonly producer: HasMetrics
  /** Idempotent. */
  readonly leave: () => void
}

/** By meter, and by the attributes of all that is measured. */
const observed = new WeakMap<Meter, Map<string, Seat>>()

function seatsOf(meter: Meter): Map<string, Seat> {
  const seats = observed.get(meter) ?? new Map<string, Seat>()
  observed.set(meter, seats)
  return seats
}

function isClosed(producer: HasMetrics): boolean {
  return ['closed', 'closing', 'failed'].includes(producer.health?.().status ?? '')
}

function sameAttributes(common: Attributes): ConfigError {
  return new ConfigError(
    `another producer with the attributes ${JSON.stringify(common)} is observed by this meter: give each a clientId of its own, or the option attributes`,
  )
}

function beginObserving(producer: HasMetrics, meter: Meter, common: Attributes): () => void {
  const instruments = new Instruments(meter)
  const collect = (result: BatchObservableResult): void => {
    const tell: Observe = (it, value, attributes) => result.observe(it, value, attributes)
    instruments.read(producer.metrics(), tell, common)
  }
  const { observables } = instruments
  meter.addBatchObservableCallback(collect, observables)
  return () => meter.removeBatchObservableCallback(collect, observables)
}

class Instruments {
  readonly observables: Observable[] = []
  readonly #meter: Meter
  readonly #ofProducer: readonly Reader<ProducerMetrics>[]
  readonly #ofTopic: readonly Reader<ProducerMetrics['topics'][string]>[]
  readonly #ofBroker: readonly Reader<ProducerMetrics['brokers'][number]>[]

  constructor(meter: Meter) {
    this.#meter = meter
    this.#ofProducer = [
      ...OF_PRODUCER.map((it) => this.#reader(it)),
      ...HISTOGRAMS_OF_PRODUCER.map((it) => this.#histogramReader(it)),
    ]
    this.#ofTopic = OF_TOPICS.map((it) => this.#reader(it))
    this.#ofBroker = [
      ...OF_BROKERS.map((it) => this.#reader(it)),
      ...HISTOGRAMS_OF_BROKERS.map((it) => this.#histogramReader(it)),
    ]
  }

  read(metrics: ProducerMetrics, observe: Observe, common: Attributes): void {
    for (const read of this.#ofProducer) read(metrics, observe, common)
    for (const [topic, ofTopic] of Object.entries(metrics.topics)) {
      const attributes = { ...common, [ATTRIBUTE.topic]: topic }
      for (const read of this.#ofTopic) read(ofTopic, observe, attributes)
    }
    for (const [nodeId, ofBroker] of Object.entries(metrics.brokers)) {
      const attributes = { ...common, [ATTRIBUTE.broker]: Number(nodeId) }
      for (const read of this.#ofBroker) read(ofBroker, observe, attributes)
    }
  }

  #reader<From>(instrument: InstrumentOf<From>): Reader<From> {
    const observable = this.#make(instrument)
    return (from, observe, attributes) => {
      const value = instrument.read(from)
      if (value !== null) observe(observable, value, attributes)
    }
  }

  #histogramReader<From>(histogram: HistogramOf<From>): Reader<From> {
    const { name, counted, unit, scale, description } = histogram
    const count = this.#make({ name: `${name}.count`, kind: 'counter', unit: counted, description })
    const sum = this.#make({ name: `${name}.sum`, kind: 'counter', unit, description })
    const quantiles = this.#make({ name, kind: 'gauge', unit, description })
    return (from, observe, attributes) => {
      const values = histogram.read(from)
      if (values === null) return
      observe(count, values.count, attributes)
      observe(sum, values.sum * scale, attributes)
      if (values.count === 0) return
      for (const [quantile, value] of quantilesOf(values)) {
        observe(quantiles, value * scale, { ...attributes, [ATTRIBUTE.quantile]: quantile })
      }
    }
  }

  #make(of: Omit<InstrumentOf<never>, 'read'>): Observable {
    const { name, kind, unit, description } = of
    const options = { unit, description }
    const observable =
      kind === 'counter'
        ? this.#meter.createObservableCounter(name, options)
        : kind === 'gauge'
          ? this.#meter.createObservableGauge(name, options)
          : this.#meter.createObservableUpDownCounter(name, options)
    this.observables.push(observable)
    return observable
  }
}

function quantilesOf({
  p50,
  p95,
  p99,
  max,
}: MetricsHistogram): [quantile: string, value: number][] {
  return [
    ['0.5', p50],
    ['0.95', p95],
    ['0.99', p99],
    ['1', max],
  ]
}
