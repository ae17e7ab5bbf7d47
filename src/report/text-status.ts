/** The result of `comeback status`: a block for each component. */

import type { Palette } from './palette.ts'
import { onOneLine } from './printable.ts'
import { ageText, countText, durationText, sizeText, timeText } from './quantities.ts'
import { forecastText } from './space-words.ts'
import { HOLDS_WORDS, LATER_WORDS, leftText, NO_KEY } from './standing-words.ts'
import type {
  Ages,
  ComponentStatus,
  LastBackup,
  LaterRecord,
  Space,
  StatusProof,
  StatusReport,
} from './status-report.ts'
import { wrapped } from './wrap.ts'

/** Columns. */
const WIDTH = 80

export function statusLines(report: StatusReport, palette: Palette): readonly string[] {
  const { components, maxAge, maxProofAge, store, space, time } = report
  const unproved = components.filter(({ proofOverdue }) => proofOverdue === true).map(({ component }) => component)
  const late = components.filter(({ overdue }) => overdue).map(({ component }) => component)
  return [
    ...components.flatMap(status => componentLines(status, palette, time)),
    ...(maxAge === undefined
      ? []
      : late.length === 0
        ? [palette.green(`Nothing is overdue: no last good backup is older than ${limitText(maxAge)}.`)]
        : [palette.red(`OVERDUE: ${late.join(', ')}. No good backup within ${limitText(maxAge)}.`)]),
    ...(maxProofAge === undefined
      ? []
      : unproved.length === 0
        ? [palette.green(`Proofs are in time: none is older than ${limitText(maxProofAge)}.`)]
        : [palette.red(`OVERDUE: ${unproved.join(', ')}. No backup verified within ${limitText(maxProofAge)}.`)]),
    ...spaceLines(space, palette),
    ...(report.unauthenticated === true ? wrapped(NO_KEY, WIDTH, 0).map(palette.yellow) : []),
    ...(report.left === undefined ? [] : wrapped(onOneLine(leftText(report.left)), WIDTH, 2).map(palette.yellow)),
    palette.dim(`in ${store}`),
  ]
}

function spaceLines(space: Space, { dim, red, yellow }: Palette): readonly string[] {
  const { stored, quota, exceeded, in30Days } = space
  const lines = (text: string, style: (text: string) => string) => wrapped(text, WIDTH, 2).map(style)
  const full = in30Days?.exceeded
  return [
    ...(exceeded === true && quota !== undefined
      ? lines(`FULL: ${sizeText(stored)} are stored, and the quota is ${sizeText(quota)}.`, red)
      : []),
    ...(in30Days === undefined ? [] : lines(forecastText(in30Days), dim)),
    ...(full === undefined || quota === undefined
      ? []
      : lines(`That is more than the quota of ${sizeText(quota)}, from ${full} on.`, yellow)),
  ]
}

function componentLines(status: ComponentStatus, palette: Palette, time: string): readonly string[] {
  const { component, last, since, sinceCount, stored, grown } = status
  const { bold, dim, yellow } = palette
  const more = sinceCount - since.length
  const advice = status.state === 'never' && !status.overdue ? dim : yellow
  return [
    `${bold(component)} ${verdict(status, palette)}`,
    ...(last === undefined
      ? []
      : [`  last good: ${last.id} (${timeText(last.time)}), ${sizeText(last.bytes)}${holdsText(last)}`]),
    ...proofLines(status, palette),
    ...rhythmLines(status, palette, time),
    ...since.flatMap(later => laterLines(later, palette)),
    ...(more > 0 ? [dim(`  and ${more.toLocaleString('en')} more`)] : []),
    ...(status.state === 'never' ? [] : [`  ${counts(status)}, ${sizeText(stored)} stored`]),
    ...(stored === 0 ? [] : [`  new in 7 days: ${sizeText(grown.days7)}, in 30 days: ${sizeText(grown.days30)}`]),
    ...status.next.flatMap(step => wrapped(onOneLine(`  ${step}`), WIDTH, 4).map(advice)),
  ]
}

function holdsText({ holds }: LastBackup): string {
  return holds === undefined ? '' : `, ${HOLDS_WORDS[holds]}`
}

/** RPO: what would be lost now, and at the worst of late. RTO is told with the proof, as it was measured by it. */
function rhythmLines({ last, nextDue, largestGap }: ComponentStatus, { yellow }: Palette, time: string) {
  const passed = nextDue !== undefined && nextDue < time
  const due = passed ? `${timeText(nextDue)}, ${ageText(new Date(nextDue), new Date(time))} ago` : ''
  return [
    ...(nextDue === undefined ? [] : [`  next due: ${passed ? yellow(due) : timeText(nextDue)}`]),
    ...(last === undefined || largestGap === undefined
      ? []
      : [
          `  a loss costs ${durationText(last.age)} of changes now, ${durationText(largestGap)} at worst of late (RPO)`,
        ]),
  ]
}

function proofLines({ lastProof, lastVerified }: ComponentStatus, { red, yellow }: Palette): readonly string[] {
  const took = (seconds: number | undefined) => (seconds === undefined ? '' : `, restored in ${durationText(seconds)}`)
  const line = ({ id, age, restoreSeconds }: StatusProof, said: string) =>
    `  last proof: ${id} ${said} ${durationText(age)} ago${took(restoreSeconds)}`
  const style = lastProof?.verdict === 'failed' ? red : yellow
  return [
    ...(lastProof === undefined || lastProof.verdict === 'verified' ? [] : [line(lastProof, style(lastProof.verdict))]),
    ...(lastVerified === undefined ? [] : [line(lastVerified, 'verified')]),
  ]
}

function verdict({ state, overdue, last }: ComponentStatus, { red, green, yellow }: Palette): string {
  if (last !== undefined) {
    const age = `${durationText(last.age)} old`
    return overdue ? `${red('OVERDUE')}, ${age}` : `${green('good')}, ${age}`
  }
  const text = state === 'never' ? 'never backed up' : 'no good backup'
  return overdue ? `${red('OVERDUE')}, ${text}` : state === 'never' ? text : yellow(text)
}

function laterLines({ id, status, reason }: LaterRecord, { red, yellow }: Palette): readonly string[] {
  const style = status === 'failed' || status === 'damaged' ? red : yellow
  const why = reason === undefined ? '' : `: ${onOneLine(reason)}`
  const said = LATER_WORDS[status]
  const [first = '', ...more] = wrapped(`  since: ${id} ${said}${why}`, WIDTH, 4)
  return [first.replace(said, style), ...more]
}

function counts({ backups, failed }: ComponentStatus): string {
  return failed === 0
    ? `${countText(backups, 'backup')} of any kind`
    : `${countText(backups, 'backup')} of any kind and ${countText(failed, 'failed run')}`
}

/** `26 h`, or `26 h (database), 8 d (files)`. */
function limitText(ages: Ages): string {
  if (typeof ages === 'number') return ageLimit(ages)
  return Object.entries(ages)
    .map(([component, age]) => `${ageLimit(age)} (${component})`)
    .join(', ')
}

/** As people ask for it: `26 h`, not `1 d 2 h`. */
function ageLimit(seconds: number): string {
  const hours = seconds / 3600
  return hours < 1 || hours > 72 || !Number.isInteger(hours) ? durationText(seconds) : `${hours} h`
}
