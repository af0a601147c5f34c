/** Reads Prometheus' text format, and OpenMetrics', as a scraper would; throws for what it would refuse. */

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly series: readonly Series[]
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/y

export function parse(text: string): Exposition {
  const types = new Map<string, string>()
  const series: Series[] = []
  const seen = new Set<string>()
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'TYPE') {
      if (types.has(name)) throw new Error(`${name} has a second TYPE`)
      types.set(name, rest)
    }
    if (line === '' || line.startsWith('#')) continue
    const [, metric = '', labels = '', value = ''] = LINE.exec(line) ?? fail(line)
    const one = {
      name: metric,
      labels: labelsOf(labels),
      value: numberOf(value, metric.startsWith('ottla')),
    }
    const key = JSON.stringify([one.name, Object.entries(one.labels).sort()])
    if (seen.has(key)) throw new Error(`twice: ${line}`)
    seen.add(key)
    series.push(one)
  }
  return { types, series }
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? fail(text)
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} twice: ${text}`)
    labels[name] = value.replaceAll(/\\(.)/g, (_, it: string) => (it === 'n' ? '\n' : it))
  }
  return labels
}

/** NaN is for prom-client's own alone, which has it where it has not measured anything yet. */
function numberOf(text: string, isOurs: boolean): number {
  if (!isOurs && /^nan$/i.test(text)) return NaN
  const value = text === '+Inf' ? Infinity : Number(text)
  if (Number.isNaN(value)) throw new Error(`no number: ${text}`)
  return value
}

function fail(line: string): never {
  throw new Error(`not understood: ${line}`)
}

/** The one value of that name with these labels, others apart; undefined where there is none. */
export function valueOf(
  { series }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const isMeant = (one: Series): boolean =>
    one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value)
  const found = series.filter(isMeant)
  if (found.length > 1) throw new Error(`${found.length} series of ${name}`)
  return found[0]?.value
}

/** Throws where a histogram is none: buckets that are not cumulative, no +Inf, another count. */
export function checkHistograms({ types, series }: Exposition): number {
  let checked = 0
  for (const [name, type] of types) {
    if (type !== 'histogram') continue
    for (const [key, buckets] of grouped(series.filter((one) => one.name === `${name}_bucket`))) {
      checkOne(name, key, buckets, series)
      checked++
    }
  }
  return checked
}

function checkOne(
  name: string,
  key: string,
  buckets: readonly Series[],
  series: readonly Series[],
): void {
  const bounds = buckets.map(({ labels }) => numberOf(labels['le'] ?? '', true))
  const counts = buckets.map(({ value }) => value)
  const isRising = (values: readonly number[], least: number): boolean =>
    values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) >= least)
  if (bounds.at(-1) !== Infinity || !isRising(bounds, Number.MIN_VALUE)) throw new Error(name)
  if (!isRising(counts, 0)) throw new Error(`${name} is not cumulative`)
  const others = (suffix: string): Series[] =>
    series.filter((one) => one.name === name + suffix && keyOf(one) === key)
  const [count, ...more] = others('_count')
  if (count?.value !== counts.at(-1) || more.length > 0) throw new Error(`${name}_count`)
  if (others('_sum').length !== 1) throw new Error(`${name}_sum`)
}

function keyOf({ labels: { le: _, ...labels } }: Series): string {
  return JSON.stringify(Object.entries(labels).sort())
}

function grouped(series: readonly Series[]): Map<string, Series[]> {
  const groups = new Map<string, Series[]>()
  for (const one of series) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}
