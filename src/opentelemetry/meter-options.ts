/**
 * What the metrics of this room are made with.
 *
 * Before: operation-metrics.ts and observe-metrics.ts.
 */
import { metrics, type Attributes, type Meter, type MeterProvider } from '@opentelemetry/api'
import { VERSION } from '../version.js'
import { ATTRIBUTE, SCOPE } from './conventions.js'
import { checkOptionNames } from '../plain-options.js'

/** What `observeMetrics` and `operationMetrics` take; all may be left out. */
export interface MeterOptions {
  /**
   * Has the instruments. Default: the global provider, as it is when this is called: register the SDK's
   * before.
   */
  readonly meter?: Meter | MeterProvider | undefined
  /** For `messaging.client.id`. Default: the producer's where it is known. */
  readonly clientId?: string | undefined
  /** Attributes of every measurement, as `server.address`. Default: none. */
  readonly attributes?: Attributes | undefined
}

const OPTIONS = ['meter', 'clientId', 'attributes']

/** `call` is the function that was given the options. Throws ConfigError for what is none. */
export function meterOf(call: string, options: MeterOptions): Meter {
  checkOptionNames(call, options, OPTIONS)
  const { meter = metrics.getMeterProvider() } = options
  return 'getMeter' in meter ? meter.getMeter(SCOPE, VERSION) : meter
}

export function commonAttributes({ clientId, attributes }: MeterOptions): Attributes {
  return { ...(clientId === undefined ? {} : { [ATTRIBUTE.clientId]: clientId }), ...attributes }
}
