/** OTLP written by hand, read back with the official definitions. */
import fc from 'fast-check'
import t from 'tap'
import { encodeMetrics, type Metric } from '../../../src/producer/telemetry/otlp.js'
import { readOtlp } from './support/read-otlp.js'

const TIME_MS = Date.UTC(2026, 10, 29)
const START_MS = TIME_MS - 300_000
const SCOPE = { name: 'ottla', version: '1.2.3' }

const encode = (metrics: readonly Metric[], isDelta = true, resource = {}): Uint8Array =>
  encodeMetrics({ metrics, timeMs: TIME_MS, isDelta, resource, scope: SCOPE })

t.test('a gauge has a time, and no beginning', async (t) => {
  const points = [{ value: 0.1, attributes: { node_id: 'node-1' }, startMs: START_MS }]
  const { metrics } = readOtlp(encode([{ name: 'a.gauge', kind: 'gauge', points }]))
  const timeNs = `${TIME_MS}000000`
  const read = { value: 0.1, attributes: { node_id: 'node-1' }, startNs: '0', timeNs }
  t.strictSame(metrics, [{ name: 'a.gauge', kind: 'gauge', points: [read] }])
})

t.test('a sum says since when, that it grows, and which temporality it has', async (t) => {
  const points = [{ value: 7, attributes: {}, startMs: START_MS }]
  for (const temporality of ['delta', 'cumulative']) {
    const bytes = encode([{ name: 'a.sum', kind: 'sum', points }], temporality === 'delta')
    const [metric] = readOtlp(bytes).metrics
    t.equal(metric?.temporality, temporality)
    t.equal(metric?.isMonotonic, true)
    t.strictSame(metric?.points, [
      { value: 7, attributes: {}, startNs: `${START_MS}000000`, timeNs: `${TIME_MS}000000` },
    ])
  }
})

t.test('a zero is written: that there is no number would be another thing', async (t) => {
  const points = [{ value: 0, attributes: {}, startMs: 0 }]
  const bytes = Buffer.from(encode([{ name: 'z', kind: 'gauge', points }]))
  t.ok(bytes.includes(Buffer.from('210000000000000000', 'hex')), 'field 4, fixed64')
})

t.test('resource and scope', async (t) => {
  const { resource, scope, metrics } = readOtlp(encode([], true, { transactional_id: 'orders-ž' }))
  t.strictSame(resource, { transactional_id: 'orders-ž' })
  t.strictSame(scope, SCOPE)
  t.strictSame(metrics, [])
})

t.test('any metrics come back as they went, whatever the lengths', async (t) => {
  const attributes = fc.dictionary(fc.string({ minLength: 1, maxLength: 300 }), fc.string(), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  const point = fc.record({
    value: fc.double({ noNaN: true }),
    attributes: attributes.filter((it) => !Object.hasOwn(it, '__proto__')),
    startMs: fc.nat(),
  })
  const metric = fc.record({
    name: fc.string({ maxLength: 20_000 }),
    kind: fc.constantFrom('gauge', 'sum'),
    points: fc.array(point, { minLength: 1, maxLength: 5 }),
  }) as fc.Arbitrary<Metric>
  fc.assert(
    fc.property(fc.array(metric, { maxLength: 5 }), fc.boolean(), (metrics, isDelta) => {
      const read = readOtlp(encode(metrics, isDelta))
      const plain = read.metrics.map(({ name, kind, points }) => ({
        ...{ name, kind },
        points: points.map(({ value, attributes }) => ({ value, attributes })),
      }))
      const given = metrics.map(({ name, kind, points }) => ({
        ...{ name, kind },
        points: points.map(({ value, attributes }) => ({ value, attributes })),
      }))
      t.strictSame(plain, given)
    }),
    { numRuns: 100 },
  )
})
