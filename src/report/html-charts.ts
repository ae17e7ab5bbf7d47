/** Small charts of one measure each: the newest value in words, its course as a line, bars or points, in SVG. */
import { DAY, monthName, shortDay } from './calendar-days.ts'
import { type Charts, chartsOf, type Series, type Span } from './chart-series.ts'
import type { ComponentHistory } from './history-report.ts'
import { durationText, sizeText } from './quantities.ts'

/** Units of the drawing; it is scaled to its column. */
const WIDTH = 260
const HEIGHT = 112
const TOP = 20
const BOTTOM = 18
const FLOOR = HEIGHT - BOTTOM
/** Of a bar: a few of them must not become a wall. */
const WIDEST = 24
/** Month names along the axis at the most. */
const TICKS = 4

interface Kind {
  readonly key: keyof Charts
  readonly title: string
  readonly about: string
  readonly shape: 'line' | 'bars' | 'points'
  readonly text: (value: number) => string
  /** The large figure, where it is not the newest value. */
  readonly headline?: (history: ComponentHistory) => number | undefined
  readonly empty: string
}

const KINDS: readonly Kind[] = [
  {
    key: 'size',
    title: 'Size',
    about: 'of a backup, once restored',
    shape: 'line',
    text: sizeText,
    empty: 'No complete backup yet',
  },
  {
    key: 'fresh',
    title: 'New bytes',
    about: 'in no earlier backup',
    shape: 'bars',
    text: sizeText,
    empty: 'No complete backup yet',
  },
  {
    key: 'restore',
    title: 'Time to restore (RTO)',
    about: 'measured by proofs',
    shape: 'points',
    text: durationText,
    empty: 'No proof has measured it yet',
  },
  {
    key: 'gap',
    title: 'At worst lost (RPO)',
    // Further back, gaps are also what retention removed: they say nothing of a loss.
    about: 'longest of the last ten gaps',
    shape: 'bars',
    text: durationText,
    headline: ({ largestGap }) => largestGap,
    empty: 'No complete backup yet',
  },
]

export function chartsHtml(history: ComponentHistory, now: string): string {
  const charts = chartsOf(history, now)
  return `<section class="charts" aria-label="Charts of ${history.component}"><h3>${history.component}</h3><div class="row">
${KINDS.map(kind => chartHtml(kind, charts[kind.key], history)).join('\n')}
</div></section>`
}

function chartHtml(kind: Kind, series: Series, history: ComponentHistory): string {
  const known = series.values.filter(value => value !== undefined)
  const newest = known.at(-1)
  if (newest === undefined) {
    return `<figure class="empty"><figcaption><span class="title">${kind.title}</span><span class="about">${kind.about}</span></figcaption><p>${kind.empty}</p></figure>`
  }
  const largest = known.reduce((a, b) => Math.max(a, b))
  const per = series.span.step === DAY ? 'day' : 'week'
  const headline = kind.headline?.(history) ?? newest
  const label = `${kind.title} of ${history.component}, by ${per}, since ${shortDay(series.span.from)}: newest ${kind.text(newest)}, largest ${kind.text(largest)}`
  return `<figure><figcaption><span class="title">${kind.title}</span><span class="value">${kind.text(headline)}</span><span class="about">${kind.about}${kind.headline === undefined ? `, ${kind.shape === 'bars' ? 'each' : 'by'} ${per}` : ''}</span></figcaption>${drawing(kind, series, largest, label)}</figure>`
}

/** From zero up: a chart that begins elsewhere makes much of little. */
function drawing({ shape, text }: Kind, { span, values }: Series, largest: number, label: string): string {
  const width = WIDTH / span.count
  const y = (value: number) => round(FLOOR - (largest === 0 ? 0 : (value / largest) * (FLOOR - TOP)))
  const points = values.flatMap((value, index) =>
    value === undefined ? [] : [{ value, x: round((index + 0.5) * width), y: y(value), title: titleOf(index) }],
  )
  function titleOf(index: number): string {
    const day = shortDay(span.from + index * span.step)
    return `${span.step === DAY ? '' : 'Week of '}${day}: ${text(values[index] ?? 0)}`
  }
  const bar = Math.min(WIDEST, Math.max(1, width - (width > 6 ? 2 : 1)))
  const shapes = {
    bars: () =>
      points.map(
        ({ x, y, title }) =>
          `<rect class="bar" x="${round(x - bar / 2)}" y="${Math.min(y, FLOOR - 1)}" width="${round(bar)}" height="${round(Math.max(1, FLOOR - y))}" rx="${width > 4 ? 1 : 0}"><title>${title}</title></rect>`,
      ),
    line: () => [
      `<path class="area" d="${areaPath(points)}"/>`,
      `<path class="line" d="${linePath(points)}"/>`,
      lastDot(points),
      ...points.map(
        ({ x, title }) =>
          `<rect class="hit" x="${round(x - width / 2)}" y="0" width="${round(width)}" height="${FLOOR}"><title>${title}</title></rect>`,
      ),
    ],
    points: () => [
      `<path class="line thin" d="${linePath(points)}"/>`,
      ...points.map(
        ({ x, y, title }) => `<circle class="point" cx="${x}" cy="${y}" r="2.6"><title>${title}</title></circle>`,
      ),
    ],
  }[shape]()
  return `<svg class="chart" role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${HEIGHT}"><path class="axis" d="M0 ${FLOOR}.5H${WIDTH}"/><path class="grid" d="M0 ${TOP}.5H${WIDTH}"/><text class="max" x="0" y="${TOP - 7}">${text(largest)}</text>${shapes.join('')}${ticks(span)}</svg>`
}

type Point = { readonly x: number; readonly y: number }

function linePath(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')
}

function areaPath(points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ''
  return `${linePath(points)}L${last.x} ${FLOOR}L${first.x} ${FLOOR}Z`
}

function lastDot(points: readonly Point[]): string {
  const last = points.at(-1)
  return last === undefined ? '' : `<circle class="point" cx="${last.x}" cy="${last.y}" r="2.6"/>`
}

/** The first days of some months; of a span within a month its first day and today. */
function ticks({ from, step, count }: Span): string {
  const end = from + count * step
  const firsts: number[] = []
  const month = new Date(from)
  for (let time = nextMonth(month.getTime()); time < end; time = nextMonth(time)) firsts.push(time)
  const every = Math.ceil(firsts.length / TICKS)
  const shown = firsts.filter((_, index) => index % every === 0)
  if (step === DAY && shown.length < 2) {
    return count < 3
      ? `<text class="tick" x="0" y="${HEIGHT - 4}">${shortDay(from)}</text>`
      : `<text class="tick" x="0" y="${HEIGHT - 4}">${shortDay(from)}</text><text class="tick end" x="${WIDTH}" y="${HEIGHT - 4}">${shortDay(end - DAY)}</text>`
  }
  return shown
    .map(time => {
      const x = round(((time - from) / (end - from)) * WIDTH)
      const isLast = x > WIDTH - 24
      return `<path class="axis" d="M${x} ${FLOOR}v3"/>${isLast ? '' : `<text class="tick" x="${x}" y="${HEIGHT - 4}">${monthName(time)}</text>`}`
    })
    .join('')
}

function nextMonth(time: number): number {
  const date = new Date(time)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
