/** The table of `comeback list`. */

import type { Palette } from './palette.ts'
import { onOneLine, widthOf } from './printable.ts'
import { ageText, countText, sizeText } from './quantities.ts'
import type { ListedBackup, ListReport } from './report.ts'

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

export function renderList(report: ListReport, palette: Palette, now: Date): readonly string[] {
  const { store, backups, foreign } = report
  const notes = foreignLines(foreign, palette)
  if (backups.length === 0) return [`No backups in ${store}.`, ...notes]
  const doubtful = backups.some(
    ({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread',
  )
  const failed = backups.filter(({ status }) => status === 'failed').length
  const stored = backups.reduce((sum, backup) => sum + backup.stored, 0)
  return [
    ...table(
      backups,
      columns(
        palette,
        now,
        backups.some(({ proof }) => proof !== undefined),
      ),
      palette,
    ),
    '',
    `${countText(backups.length - failed, 'backup')}${failed === 0 ? '' : ` and ${countText(failed, 'failed run')}`}, ${sizeText(stored)} stored in ${store}`,
    ...(doubtful ? [palette.dim('? made with another key than the one at hand, so listed as it claims to be')] : []),
    ...notes,
  ]
}

/** Where backups were proved, that takes the place of how many others each leans on: a line has no room for both. */
function columns({ bold, dim, red, yellow, green }: Palette, now: Date, proved: boolean): readonly Column[] {
  const known = (backup: ListedBackup, text: string): Cell => ({
    text: backup.status === 'damaged' || backup.status === 'unread' ? '-' : text,
  })
  const statuses = {
    complete: { text: 'complete', style: green },
    partial: { text: 'partial', style: yellow },
    failed: { text: 'FAILED', style: red },
    damaged: { text: 'damaged', style: red },
    unread: { text: 'unread', style: dim },
  }
  const verdicts = {
    verified: { text: 'verified', style: green },
    failed: { text: 'FAILED', style: red },
    'could-not-verify': { text: 'not yet', style: yellow },
  }
  return [
    { head: 'STATUS', cell: backup => marked(statuses[backup.status], backup) },
    { head: 'COMPONENT', cell: ({ component }) => ({ text: component, style: bold }) },
    {
      head: 'ID (UTC)',
      cell: ({ id, authenticated, status }) => ({
        text: authenticated || status === 'damaged' || status === 'unread' ? id : `${id} ?`,
      }),
    },
    { head: 'AGE', right: true, cell: ({ time }) => ({ text: ageText(new Date(time), now) }) },
    { head: 'SIZE', right: true, cell: backup => known(backup, sizeText(backup.bytes)) },
    {
      head: 'STORED',
      right: true,
      cell: backup =>
        backup.status === 'unread' ? { text: sizeText(backup.stored) } : known(backup, sizeText(backup.stored)),
    },
    proved
      ? {
          head: 'PROVED',
          cell: ({ proof }) => (proof === undefined ? { text: '-', style: dim } : verdicts[proof.verdict]),
        }
      : {
          head: 'LEANS ON',
          cell: ({ leansOn }) => ({ text: leansOn.length === 0 ? '-' : `${leansOn.length}`, style: dim }),
        },
  ]
}

/** In the place of `complete`, as a line has no room for both. */
function marked(cell: Cell, { status, purpose }: ListedBackup): Cell {
  return purpose !== undefined && status === 'complete' ? { ...cell, text: purpose } : cell
}

function table(backups: readonly ListedBackup[], columns: readonly Column[], { dim }: Palette): readonly string[] {
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
  const lines = [line(columns.map(({ head }) => ({ text: head, style: dim })))]
  for (const [index, backup] of backups.entries()) {
    lines.push(line(rows[index] ?? []))
    if (backup.purpose !== undefined && backup.status !== 'complete')
      lines.push(dim(`  was to be a ${backup.purpose} backup`))
    if (backup.reason !== undefined) lines.push(dim(`  why: ${onOneLine(backup.reason)}`))
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
