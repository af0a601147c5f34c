/**
 * The sections of the pages that are made from the code: options, errors, API versions, file map;
 * and those that are made from what the bench measured, and chaos found.
 * Each comes from what the code itself says (docblocks, and values at run time), so that a page
 * cannot say otherwise for long: generated.test.ts compares, write.ts writes anew.
 *
 * Neighbours: markdown.ts finds the sections.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { CASES } from '../../bench/cases/all.js'
import { caseSection, plotCaption } from '../../bench/report/page.js'
import { clientsTable, codecsTable } from '../../bench/report/summary.js'
import { targetsTable } from '../../bench/report/targets.js'
import { transactionsTable } from '../../bench/report/transactions.js'
import { speedSection } from '../../bench/report/speed.js'
import { resolveOptions } from '../../src/producer/options/resolve-options.js'
import { addOffsetsToTxn } from '../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../src/protocol/messages/add-partitions-to-txn.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { endTxn } from '../../src/protocol/messages/end-txn.js'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.js'
import { getTelemetrySubscriptions } from '../../src/protocol/messages/get-telemetry-subscriptions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { pushTelemetry } from '../../src/protocol/messages/push-telemetry.js'
import { saslAuthenticate } from '../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.js'
import { txnOffsetCommit } from '../../src/protocol/messages/txn-offset-commit.js'
import { projectFile } from '../broker/project.js'
import { chaosSection } from '../chaos/results.js'
import { refusalsTable } from '../network/security/refusals-page.js'
import { loadSection } from '../security-load/results.js'
import { table } from './markdown.js'

/** The types of a snapshot, each with a table of its fields. */
const METRICS = [
  ...['ProducerMetrics', 'MetricsHistogram', 'ConnectionMetrics'],
  ...['TopicMetrics', 'BrokerMetrics', 'TransactionMetrics'],
]

/** Where each section stands, and what makes it. */
export const SECTIONS = [
  { path: 'README.md', name: 'speed', make: speedSection },
  { path: 'docs/options.md', name: 'options', make: optionsTable },
  { path: 'docs/options.md', name: 'transactional options', make: transactionalOptionsTable },
  { path: 'docs/errors.md', name: 'errors', make: errorsTable },
  ...METRICS.map((type) => ({
    path: 'docs/metrics.md',
    name: type,
    make: () => metricsTable(type),
  })),
  { path: 'docs/protocol.md', name: 'versions', make: versionsTable },
  { path: 'docs/file-map.md', name: 'file map', make: fileMap },
  { path: 'README.md', name: 'plot', make: plotCaption },
  { path: 'docs/performance.md', name: 'targets', make: targetsTable },
  { path: 'docs/performance.md', name: 'clients', make: clientsTable },
  { path: 'docs/performance.md', name: 'codecs', make: codecsTable },
  { path: 'docs/performance.md', name: 'transactions', make: transactionsTable },
  { path: 'docs/chaos.md', name: 'chaos', make: () => chaosSection() },
  { path: 'docs/security-measured.md', name: 'security load', make: () => loadSection() },
  { path: 'docs/security-measured.md', name: 'refusals', make: refusalsTable },
  ...CASES.map((it) => ({
    path: 'docs/performance-tables.md',
    name: `bench ${it.name}`,
    make: () => caseSection(it),
  })),
]

/** One option as its docblock has it. */
export interface OptionDoc {
  readonly name: string
  readonly type: string
  /** The docblock in one line. */
  readonly text: string
}

/** The options of a producer, in the order of the interface. */
export function optionDocs(): OptionDoc[] {
  return docsOf('src/producer/options/options.ts', 'ProducerOptions')
}

/** What a transactional producer, and a pool of them, take besides. */
function transactionalOptionDocs(): OptionDoc[] {
  const room = 'src/producer/transactional'
  return [
    ...docsOf(`${room}/transactional-options.ts`, 'TransactionalProducerOptions'),
    ...docsOf(`${room}/transactional-pool.ts`, 'TransactionalPoolOptions'),
  ]
}

function docsOf(path: string, name: string): OptionDoc[] {
  const declared = new RegExp(`export interface ${name}(?:<.*?>)? \\{\\n(.*?)\\n\\}`, 's')
  const [, body = ''] = declared.exec(source(path)) ?? []
  const member = /\/\*\*((?:(?!\*\/).)*)\*\/\s+readonly (\w+)\??: ([^\n]*)/gs
  return Array.from(body.matchAll(member), ([, doc = '', name = '', type = '']) => ({
    name,
    type: type.replace(' | undefined', ''),
    text: oneLine(doc),
  }))
}

/** `Default …` of the docblock, as written there; undefined where it names none. */
export function documentedDefault({ text }: OptionDoc): string | undefined {
  return /\bDefault:? ('[^']*'|-?\d+|true|false|nowhere)/.exec(text)?.[1]
}

/** Every option with its default, as a producer has it. */
export function actualDefaults(): Readonly<Record<string, unknown>> {
  const resolved = Object.entries(resolveOptions({ brokers: 'localhost:9092' }, () => {}))
  return Object.fromEntries(resolved.filter(([name]) => !name.startsWith('transaction')))
}

/** `linger.ms` and, where it differs, Java's default. */
function javaName({ text }: OptionDoc): string {
  const [, list = ''] = /\bJava: (.*?)(?:[;)]|\.(?:\s|$))/.exec(text) ?? []
  const parts = list.split(', ').filter((part) => part !== '')
  const names = parts.filter((part) => /[a-z]/.test(part)).map((part) => `\`${part}\``)
  const value = parts.find((part) => /^\d+$/.test(part))
  if (names.length === 0) return '–'
  return names.join(', ') + (value === undefined ? '' : `, ${value}`)
}

function unit({ name, type }: OptionDoc): string {
  if (name.endsWith('Ms')) return 'ms'
  if (name.endsWith('Bytes')) return 'bytes'
  if (name === 'brokers') return '`host:port`'
  if (/^(number|string|boolean)$/.test(type)) return type
  return shortType(type)
    .split(' | ')
    .map((part) => `\`${part}\``)
    .join(' or ')
}

function shortType(type: string): string {
  return type.replace('Readonly<Record<string, number>>', '{ [api]: number }').replace(/<.*>/, '')
}

function shownDefault(option: OptionDoc): string {
  const value = actualDefaults()[option.name]
  if (option.name === 'brokers') return 'required'
  if (value === undefined || typeof value === 'object') return '–'
  return `\`${typeof value === 'string' ? `'${value}'` : String(value)}\``
}

/** What the docblock says besides the default, the unit and the Java name, which have columns. */
function meaning({ text }: OptionDoc): string {
  return text
    .replaceAll(/\s*\(Java: [^)]*\)/g, '')
    .replace(/\bJava: .*?(?:\.(?=\s|$)|$)/, '')
    .replace('Not in Java.', '')
    .replace(
      /\bDefault:? (?:'[^']*'|true|false|nowhere|\d+)(?: \([^)]*\))?(?:[;:] (.)|\.?)/,
      (_, next?: string) => (next ?? '').toUpperCase(),
    )
    .replaceAll(/, in (?:ms|bytes)\b/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim()
}

function optionsTable(): string {
  return tableOf(optionDocs(), shownDefault)
}

function transactionalOptionsTable(): string {
  return tableOf(transactionalOptionDocs(), (option) => {
    const documented = documentedDefault(option)
    return documented === undefined ? 'required' : `\`${documented}\``
  })
}

function tableOf(options: readonly OptionDoc[], defaultOf: (option: OptionDoc) => string): string {
  return table(
    ['Option', 'Unit or type', 'Default', 'What it does', 'Java’s name, and default if another'],
    options.map((option) => [
      `\`${option.name}\``,
      unit(option),
      defaultOf(option),
      meaning(option),
      javaName(option),
    ]),
  )
}

function metricsTable(type: string): string {
  return table(
    ['Field', 'Unit', 'What it is', 'Java’s name'],
    docsOf('src/producer/metrics.ts', type).map((field) => [
      `\`${field.name}\``,
      metricUnit(field),
      meaning(field),
      javaMetric(field),
    ]),
  )
}

function metricUnit({ name, type }: OptionDoc): string {
  const kind = type === 'MetricsHistogram' ? ', histogram' : ''
  if (name.endsWith('Ms')) return `ms${kind}`
  if (name.endsWith('Bytes') || name.startsWith('bytes')) return `bytes${kind}`
  if (name.endsWith('Ratio')) return '0 to 1'
  if (kind !== '') return 'number, histogram'
  if (type.startsWith('number')) return 'number'
  return `\`${type.replace(/^Readonly<(.*)>$/, '$1').replace(' | null', '')}\``
}

/** `(Java: a, b)`, or `(Java: a less b)`. */
function javaMetric({ text }: OptionDoc): string {
  const [, names = ''] = /\(Java: ([^)]*)\)/.exec(text) ?? []
  return names === '' ? '–' : names.replaceAll(/[a-z]+(?:-[a-z]+)+/g, '`$&`')
}

function errorsTable(): string {
  const declared =
    /\/\*\*((?:(?!\*\/).)*)\*\/\nexport class (\w+)[^{]*? extends (\w+).*?(ERR_OTTLA_\w+)/gs
  const rows = Array.from(
    source('src/errors.ts').matchAll(declared),
    ([, doc = '', name = '', parent = '', code = '']) => [
      `\`${name}\``,
      `\`${code}\``,
      parent === 'OttlaError' ? '' : `\`${parent}\``,
      oneLine(doc),
    ],
  )
  const ours = rows.filter(([name]) => name !== '`OttlaError`') // the root has no code of its own
  return table(['Class', 'code', 'is a', 'When'], ours)
}

const APIS = [
  { api: apiVersions, when: 'First on every connection: what does this broker speak?' },
  { api: saslHandshake, when: 'With `sasl`: by which mechanism do we log in?' },
  { api: saslAuthenticate, when: 'With `sasl`: the messages of that mechanism' },
  { api: metadata, when: 'Which partitions has a topic, and who leads them?' },
  {
    api: initProducerId,
    when: 'At the start (idempotence, transactions), and when another id or epoch is due',
  },
  { api: produce, when: 'Every batch' },
  {
    api: findCoordinator,
    when: 'In transactions: which broker keeps this transactional id, or group?',
  },
  {
    api: addPartitionsToTxn,
    when: 'In transactions below level 2: before the first batch of a partition',
  },
  {
    api: addOffsetsToTxn,
    when: 'In transactions below level 2: before the first offsets of a group',
  },
  { api: txnOffsetCommit, when: 'In transactions: offsets of a group' },
  { api: endTxn, when: 'In transactions: commit, or abort' },
  {
    api: getTelemetrySubscriptions,
    when: 'Where brokers offer it (KIP-714), unless `metricsPush` is false: which metrics are wanted?',
  },
  { api: pushTelemetry, when: 'Once an interval, where metrics are wanted; and at the end' },
  { api: createTopics, when: 'Never by the producer; demo and tests make topics with it' },
] as const

function versionsTable(): string {
  return table(
    ['API', 'Key', 'Versions', 'Flexible from', 'When it is sent'],
    APIS.map(({ api, when }) => [
      api.name,
      String(api.key),
      `${api.minVersion} to ${api.maxVersion}`,
      Number.isFinite(api.flexibleFrom) ? String(api.flexibleFrom) : 'never',
      when,
    ]),
  )
}

/** Every file of src, from the project's root. */
export function sourcePaths(): string[] {
  return readdirSync(projectFile('src'), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('src', name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts'))
    .sort()
}

function fileMap(): string {
  const rooms = groupByRoom()
  return Array.from(rooms, ([room, paths]) => {
    const rows = paths.map((path) => [
      `[${path.slice(room.length + 1)}](../${path})`,
      firstSentence(source(path)),
    ])
    return `**${room}/**\n\n${table(['File', 'What it is'], rows)}`
  }).join('\n\n')
}

function groupByRoom(): Map<string, string[]> {
  const rooms = new Map<string, string[]>()
  for (const path of sourcePaths()) {
    rooms.set(roomOf(path), [...(rooms.get(roomOf(path)) ?? []), path])
  }
  return rooms
}

function roomOf(path: string): string {
  return path
    .split('/')
    .slice(0, Math.min(2, path.split('/').length - 1))
    .join('/')
}

/** The first sentence of a file's docblock. */
function firstSentence(text: string): string {
  const [, doc = ''] = /\/\*\*(.*?)\*\//s.exec(text) ?? []
  const [paragraph = ''] = doc.split(/\n \*\n/)
  const [sentence = ''] = oneLine(paragraph).split(/(?<=[.:?])\s+(?=[A-Z`(])|:$/)
  return sentence.replace(/[.:]$/, '').replaceAll('|', '\\|')
}

function oneLine(doc: string): string {
  return doc
    .replaceAll(/^\s*\* ?/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\*(\w[^*]*)\*/g, '_$1_') // emphasis as prettier writes it
    .trim()
}

function source(path: string): string {
  return readFileSync(projectFile(path), 'utf8')
}
