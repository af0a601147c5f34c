/**
 * The dashboard of examples/grafana, as far as it can be held without a Grafana: each expression names
 * what ottla/prometheus exposes, and asks it as one asks for a counter, a gauge or a histogram.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { FIGURES } from '../../src/prometheus/figures.js'
import { projectFile } from '../broker/project.js'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
  readonly targets?: readonly {
    readonly expr: string
    readonly legendFormat: string
    readonly datasource: { readonly uid: string }
  }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly {
      readonly name: string
      readonly type: string
      readonly definition?: string
    }[]
  }
}

const path = projectFile('examples', 'grafana', 'ottla-producer.json')
const dashboard = JSON.parse(readFileSync(path, 'utf8')) as Dashboard
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const PREFIX = 'ottla_producer_'
const LABELS = ['client_id', 'topic', 'broker', 'le']
/** Grafana's identifiers of units. */
const UNITS = ['bool_yes_no', 's', 'short', 'percentunit', 'cps', 'reqps', 'bytes', 'binBps']
const VARIABLES = ['datasource', 'client_id', 'topic', '__rate_interval']

const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

/** Each metric of an expression: its figure, and the suffix of a histogram's series. */
function metricsOf(
  expr: string,
): { name: string; suffix: string; figure: (typeof FIGURES)[number] }[] {
  return Array.from(expr.matchAll(/\b[a-z]+_[a-z_]*_[a-z_]*\b(?=[{[ )]|$)/g), ([name]) => {
    const plain = FIGURES.find((figure) => PREFIX + figure.name === name)
    if (plain !== undefined && plain.type !== 'histogram')
      return { name, suffix: '', figure: plain }
    const [, base = '', suffix = ''] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? []
    const figure = FIGURES.find((it) => PREFIX + it.name === base && it.type === 'histogram')
    if (figure === undefined) throw new Error(`${name} is not exposed`)
    return { name, suffix, figure }
  })
}

t.test('every expression names only what is exposed, and asks for it in its way', async (t) => {
  t.ok(expressions.length > 30)
  for (const { title, expr } of expressions) {
    const metrics = metricsOf(expr)
    t.ok(metrics.length > 0, title)
    t.equal(expr.split(PREFIX).length - 1, metrics.length, `${title}: each name is whole`)
    for (const { name, figure, suffix } of metrics) {
      const isCounted = figure.type === 'counter' || suffix !== ''
      t.equal(
        new RegExp(`(?:rate|increase)\\(${name}\\b`).test(expr),
        isCounted,
        `${title}: ${name}`,
      )
      if (suffix === 'bucket') t.match(expr, /^histogram_quantile\(0\.\d+, sum by \(le/)
      if (/topic=~/.test(expr)) t.equal(figure.of, 'topic', `${title}: has a topic`)
      if (/by \(.*broker/.test(expr)) t.equal(figure.of, 'broker', `${title}: has a broker`)
    }
  }
})

t.test('labels, variables and brackets', async (t) => {
  for (const { title, expr, legendFormat } of expressions) {
    const named = [
      ...Array.from(expr.matchAll(/by \(([\w, ]+)\)/g), ([, by = '']) => by.split(', ')).flat(),
      ...Array.from(expr.matchAll(/[{,] ?(\w+)=~/g), ([, label = '']) => label),
      ...Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = '']) => label),
    ]
    t.strictSame(named.filter((label) => !LABELS.includes(label)), [], title) // prettier-ignore
    const variables = Array.from(expr.matchAll(/\$(\w+)/g), ([, name = '']) => name)
    t.strictSame(variables.filter((name) => !VARIABLES.includes(name)), [], title) // prettier-ignore
    t.match(expr, 'client_id=~"$client_id"', title)
    for (const [open, close] of ['()', '[]', '{}']) {
      t.equal(
        expr.split(open ?? '').length,
        expr.split(close ?? '').length,
        `${title}: ${open}${close}`,
      )
    }
    const functions = Array.from(expr.matchAll(/\b([a-z_]+)\(/g), ([, name = '']) => name)
    const known = ['histogram_quantile', 'sum', 'min', 'max', 'avg', 'rate', 'increase', 'topk']
    t.strictSame(functions.filter((name) => !known.includes(name)), [], title) // prettier-ignore
  }
})

t.test('the data source is the variable’s, everywhere', async (t) => {
  const [first] = dashboard.templating.list
  t.match(first, { name: 'datasource', type: 'datasource' })
  for (const { title, datasource, targets = [] } of panels) {
    t.equal(datasource?.uid, '${datasource}', title)
    for (const target of targets) t.equal(target.datasource.uid, '${datasource}', title)
  }
  for (const { name, type, definition = '' } of dashboard.templating.list) {
    if (type !== 'query') continue
    const [, metric = '', label] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? []
    t.equal(label, name)
    t.ok(FIGURES.some((figure) => PREFIX + figure.name === metric), definition) // prettier-ignore
  }
})

t.test('panels: units, ids, and places that do not overlap', async (t) => {
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const { title, fieldConfig } of panels) t.ok(UNITS.includes(fieldConfig?.defaults.unit ?? ''), title) // prettier-ignore
  const cells = new Set<string>()
  for (const { title, gridPos } of dashboard.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title)
    for (let dx = 0; dx < gridPos.w; dx++) {
      for (let dy = 0; dy < gridPos.h; dy++) {
        const cell = `${gridPos.x + dx},${gridPos.y + dy}`
        if (cells.has(cell)) t.fail(`${title} lies over another`)
        cells.add(cell)
      }
    }
  }
})

t.test('seconds are shown as seconds, bytes as bytes', async (t) => {
  for (const { title, targets = [], fieldConfig } of panels) {
    const unit = fieldConfig?.defaults.unit
    const [first = ''] = targets.map(({ expr }) => expr)
    if (first.startsWith('histogram_quantile')) t.equal(unit, 's', title)
    if (/_bytes_total/.test(first)) t.equal(unit, 'binBps', title)
  }
})
