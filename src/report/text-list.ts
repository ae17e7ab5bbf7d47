/** The table of `comeback list`. */

import type { Palette } from './palette.ts'
import { onOneLine, widthOf } from './printable.ts'
import { ageText, countText, sizeText } from './quantities.ts'
import type { ListedBackup, ListReport } from './report.ts'
import { DISCOUNTS, HOLDS_WORDS } from './standing-words.ts'

/** Foreign names shown; the rest are counted. */
const FOREIGN_SHOWN = 5

interface Cell {
  readonly text: string
  readonly style?: (text: string) => string
}
interface Column {
  readonly head: string
  readonly right?: true
  readonly cell: (backup: ListedBackup) => Cell
}

/** Milliseconds before the store drops a backup from which on that is noted. */
const SOON = 7 * 24 * 60 * 60 * 1000

export interface ListTimes {
  readonly now: Date
  /** Of the reader, `Europe/Paris`, where that is known and not UTC. */
  readonly zone?: string | undefined
}

export function renderList(report: ListReport, palette: Palette, times: ListTimes): readonly string[] {
  const { store, backups, foreign } = report
  const notes = foreignLines(foreign, palette)
  if (backups.length === 0) return [`No backups in ${store}.`, ...notes]
  const doubtful = backups.some(
    ({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread',
  )
  const failed = backups.filter(({ status }) => status === 'failed').length
  const stored = backups.reduce((sum, backup) => sum + backup.stored, 0)
  return [
    ...table(backups, columns(backups, palette, times), palette, times),
    '',
    `${countText(backups.length - failed, 'backup')}${failed === 0 ? '' : ` and ${countText(failed, 'failed run')}`}, ${sizeText(stored)} stored in ${store}`,
    ...(doubtful ? [palette.dim(`? ${doubtWords(report)}, so listed as it claims to be`)] : []),
    ...discountLines(backups, palette),
    ...notes,
  ]
}

export function doubtWords({ unauthenticated }: ListReport): string {
  return unauthenticated === true
    ? 'not authenticated, as no key was at hand'
    : 'made with another key than the one at hand'
}

function discountLines(backups: readonly ListedBackup[], { yellow }: Palette): readonly string[] {
  const found = new Set(backups.flatMap(({ discount }) => discount ?? []))
  return [...found].map(discount => {
    const { word, because } = DISCOUNTS[discount]
    return `${yellow(word)}: it ${because}, and counts for nothing here`
  })
}

/** The id has the time in UTC. A line has no room for the age as well as for the reader's own time. */
function columns(
  backups: readonly ListedBackup[],
  { bold, dim, red, yellow, green }: Palette,
  { now, zone }: ListTimes,
): readonly Column[] {
  const known = (backup: ListedBackup, text: string | undefined): Cell => ({
    text: text === undefined || backup.status === 'damaged' || backup.status === 'unread' ? '-' : text,
  })
  const statuses = {
    complete: { text: 'complete', style: green },
    verified: { text: 'verified', style: green },
    partial: { text: 'partial', style: yellow },
    failed: { text: 'FAILED', style: red },
    damaged: { text: 'damaged', style: red },
    unread: { text: 'unread', style: dim },
  }
  const local = zone === undefined ? undefined : localTimes(zone)
  return [
    {
      head: 'STATUS',
      cell: backup =>
        backup.discount === undefined
          ? marked(statuses[statusOf(backup)], backup)
          : { text: DISCOUNTS[backup.discount].word, style: yellow },
    },
    { head: 'COMPONENT', cell: ({ component }) => ({ text: component, style: bold }) },
    {
      head: 'ID (UTC)',
      cell: ({ id, authenticated, status }) => ({
        text: authenticated || status === 'damaged' || status === 'unread' ? id : `${id} ?`,
      }),
    },
    local === undefined
      ? { head: 'AGE', right: true, cell: ({ time }) => ({ text: ageText(new Date(time), now) }) }
      : { head: 'LOCAL TIME', cell: ({ time }) => ({ text: local(new Date(time)) }) },
    { head: 'SIZE', right: true, cell: backup => known(backup, sizeText(backup.bytes)) },
    // Of the old scripts' files nothing is known but what they take.
    backups.every(({ status }) => status === 'unread')
      ? { head: 'STORED', right: true, cell: ({ stored }) => ({ text: sizeText(stored) }) }
      : {
          head: 'NEW',
          right: true,
          cell: backup => known(backup, backup.new === undefined ? undefined : sizeText(backup.new)),
        },
    { head: 'KIND', cell: backup => ({ text: kindText(backup), style: backup.holds ? yellow : dim }) },
  ]
}

function statusOf({ status, proof }: ListedBackup): ListedBackup['status'] | 'verified' {
  return status === 'complete' && proof?.verdict === 'verified' ? 'verified' : status
}

/** `on 2`: it needs packs of two older ones. That it is not of everything matters more. */
function kindText({ holds, full, leansOn }: ListedBackup): string {
  if (holds !== undefined) return HOLDS_WORDS[holds]
  if (leansOn.length > 0) return `on ${leansOn.length}`
  return full === true ? 'full' : '-'
}

/** `11-23 03:00`; the id has the year. */
function localTimes(zone: string): (time: Date) => string {
  const digits = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  // Of all languages it is Swedish that writes it so.
  const format = new Intl.DateTimeFormat('sv', { timeZone: zone, year: 'numeric', ...digits })
  return time => format.format(time).slice(5)
}

/** In the place of `complete`, as a line has no room for both. */
function marked(cell: Cell, { status, purpose }: ListedBackup): Cell {
  return purpose !== undefined && status === 'complete' ? { ...cell, text: purpose } : cell
}

/** What is worth a line of its own. */
function notesOf(backup: ListedBackup, { dim, red, yellow }: Palette, now: Date): readonly string[] {
  const { purpose, status, proof, expires, reason } = backup
  const ago = proof === undefined ? '' : `, ${ageText(new Date(proof.time), now)} ago`
  return [
    ...(purpose !== undefined && status !== 'complete' ? [dim(`  was to be a ${purpose} backup`)] : []),
    ...(proof?.verdict === 'failed' ? [red(`  its proof FAILED${ago}`)] : []),
    ...(proof?.verdict === 'could-not-verify' ? [yellow(`  its proof could not be made${ago}`)] : []),
    ...(expires !== undefined && Date.parse(expires) - now.getTime() < SOON
      ? [yellow(`  the store drops it on ${expires.slice(0, 10)}`)]
      : []),
    ...(reason === undefined ? [] : [dim(`  why: ${onOneLine(reason)}`)]),
  ]
}

function table(
  backups: readonly ListedBackup[],
  columns: readonly Column[],
  palette: Palette,
  { now }: ListTimes,
): readonly string[] {
  const rows = backups.map(backup => columns.map(({ cell }) => cell(backup)))
  const widths = columns.map(({ head }, index) =>
    Math.max(head.length, ...rows.map(row => widthOf(row[index]?.text ?? ''))),
  )
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(({ text, style }, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(text))
        const shown = style === undefined ? text : style(text)
        return columns[index]?.right ? gap + shown : shown + (index === cells.length - 1 ? '' : gap)
      })
      .join('  ')
  const lines = [line(columns.map(({ head }) => ({ text: head, style: palette.dim })))]
  for (const [index, backup] of backups.entries()) {
    lines.push(line(rows[index] ?? []))
    lines.push(...notesOf(backup, palette, now))
  }
  return lines
}

export function foreignLines(foreign: readonly string[], { yellow }: Palette): readonly string[] {
  if (foreign.length === 0) return []
  const more = foreign.length - FOREIGN_SHOWN
  return [
    `${yellow('not of a backup')}, left alone: ${foreign.slice(0, FOREIGN_SHOWN).map(onOneLine).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
  ]
}
