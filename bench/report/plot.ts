/**
 * The picture of the README: each client's records/s and CPU a record beside the others', in the form
 * in which it is fastest, from the same run of the case `throughput`.
 *
 * Neighbours: figures.ts and results.ts; test/docs/write.ts writes the file. Drawn by vega.
 */
import { parse, View, type Mark, type Scale, type Spec } from 'vega'
import { median } from '../support/statistics.js'
import { cpuPerRecord, recordsPerSecond } from './figures.js'
import { readResult } from './results.js'

/** Where the picture is, from the project's root. */
export const PLOT_FILE = 'docs/throughput.svg'

const OURS = '#c0392b'
const LIMIT = '#7f8c8d'
const OTHERS = '#5d7fa3'
const PANEL_WIDTH = 250
const BAR_HEIGHT = 22
/** µs; where the logarithmic axis begins. */
const LEAST_CPU = 0.05

interface Bar {
  readonly label: string
  readonly color: string
  /** Million records a second. */
  readonly speed: number
  /** µs a record. */
  readonly cpu: number
}

/** The picture as SVG; undefined where no run was kept. */
export async function plot(): Promise<string | undefined> {
  const bars = makeBars()
  if (bars.length === 0) return undefined
  const view = new View(parse(makeSpec(bars)), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}

/** The fastest row of each client, the fastest client first; both rows of ours. */
function makeBars(): Bar[] {
  const rows = readResult('throughput')?.groups[0]?.measured ?? []
  const fastest = new Map<string, Bar>()
  for (const { subject, samples } of rows) {
    const bar: Bar = {
      label: subject,
      color: colorOf(subject),
      speed: median(samples.flatMap((it) => recordsPerSecond(it) ?? [])) / 1e6,
      cpu: median(samples.flatMap((it) => cpuPerRecord(it) ?? [])),
    }
    const client = subject.split(', ')[0] ?? subject
    if (bar.speed > (fastest.get(client)?.speed ?? 0)) fastest.set(client, bar)
  }
  return [...fastest.values()].sort((a, b) => b.speed - a.speed)
}

function colorOf(subject: string): string {
  if (subject === 'wire limit') return LIMIT
  return subject.startsWith('ottla') ? OURS : OTHERS
}

function makeSpec(bars: readonly Bar[]): Spec {
  const height = bars.length * BAR_HEIGHT
  return {
    background: 'white',
    padding: 10,
    data: [{ name: 'bars', values: [...bars] }],
    layout: { columns: 2, padding: 24, align: 'each', bounds: 'full' },
    marks: [
      panel('speed', 'million records a second', height, true),
      panel('cpu', 'µs of CPU a record (logarithmic)', height, false),
    ],
  }
}

function panel(field: 'speed' | 'cpu', title: string, height: number, hasLabels: boolean): Mark {
  const x: Scale =
    field === 'cpu'
      ? {
          name: 'x',
          type: 'log',
          range: 'width',
          domain: { data: 'bars', field },
          domainMin: LEAST_CPU,
          nice: true,
        }
      : { name: 'x', type: 'linear', range: 'width', domain: { data: 'bars', field }, zero: true }
  return {
    type: 'group',
    encode: { update: { width: { value: PANEL_WIDTH }, height: { value: height } } },
    signals: [
      { name: 'width', update: String(PANEL_WIDTH) },
      { name: 'height', update: String(height) },
    ],
    scales: [
      { name: 'y', type: 'band', domain: { data: 'bars', field: 'label' }, range: 'height', padding: 0.2 },
      x,
    ], // prettier-ignore
    axes: [
      { orient: 'bottom', scale: 'x', title, grid: true, tickCount: 4, domain: false },
      { orient: 'left', scale: 'y', labels: hasLabels, ticks: false, labelLimit: 0 },
    ],
    marks: [barMark(field), numberMark(field)],
  }
}

function barMark(field: 'speed' | 'cpu'): Mark {
  return {
    type: 'rect',
    from: { data: 'bars' },
    encode: {
      update: {
        y: { scale: 'y', field: 'label' },
        height: { scale: 'y', band: 1 },
        x: field === 'cpu' ? { value: 0 } : { scale: 'x', value: 0 },
        x2: { scale: 'x', field },
        fill: { field: 'color' },
      },
    },
  }
}

function numberMark(field: 'speed' | 'cpu'): Mark {
  return {
    type: 'text',
    from: { data: 'bars' },
    encode: {
      update: {
        y: { scale: 'y', field: 'label', band: 0.5 },
        x: { scale: 'x', field, offset: 4 },
        text: { signal: `format(datum.${field}, '.2~r')` },
        baseline: { value: 'middle' },
        fontSize: { value: 10 },
      },
    },
  }
}
