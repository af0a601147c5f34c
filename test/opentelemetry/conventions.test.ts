/**
 * The names of `ottla/opentelemetry`: that docs/tracing.md has them all, and when the former ones are
 * given.
 */
import t from 'tap'
import { ATTRIBUTE, METRIC, wantsFormerNames } from '../../src/opentelemetry/conventions.js'
import {
  HISTOGRAMS_OF_BROKERS,
  HISTOGRAMS_OF_PRODUCER,
  OF_BROKERS,
  OF_PRODUCER,
  OF_TOPICS,
} from '../../src/opentelemetry/instruments.js'
import { page } from '../docs/markdown.js'

const { text } = page('docs/tracing.md')

t.test('docs/tracing.md has every attribute and every instrument', async (t) => {
  const instruments = [
    ...[OF_PRODUCER, OF_TOPICS, OF_BROKERS].flat(),
    ...[HISTOGRAMS_OF_PRODUCER, HISTOGRAMS_OF_BROKERS].flat(),
  ].map(({ name }) => name)
  const names = [...Object.values(ATTRIBUTE), ...Object.values(METRIC), ...instruments]
  t.strictSame(names.filter((name) => !text.includes(`\`${name}\``)), []) // prettier-ignore
  t.ok(instruments.length > 30, 'instruments are found at all')
  t.equal(new Set(instruments).size, instruments.length, 'no name twice')
})

t.test('and no instrument that there is not', async (t) => {
  const known = [OF_PRODUCER, OF_TOPICS, OF_BROKERS].flat().map(({ name }) => name)
  const histograms = [HISTOGRAMS_OF_PRODUCER, HISTOGRAMS_OF_BROKERS].flat()
  const all = [
    ...[...known, ...Object.values(METRIC)],
    ...histograms.flatMap(({ name }) => [name, `${name}.count`, `${name}.sum`]),
  ]
  const named = Array.from(text.matchAll(/`(ottla\.producer\.[a-z._]+)`/g), ([, name]) => name)
  t.strictSame(named.filter((name) => !all.includes(name ?? '')), []) // prettier-ignore
})

t.test('the switch that all instrumentations have asks for the former names', async (t) => {
  const isAsked = (optIn?: string): boolean => wantsFormerNames(optIn ?? '')
  t.ok(isAsked('messaging/dup'))
  t.ok(isAsked('http, messaging/dup'))
  t.notOk(isAsked('messaging'))
  t.notOk(isAsked())
})
