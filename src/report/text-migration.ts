/** What migrations did to a restored backup, as text for people. */
import type { HeldLock, MigratedTable, Migration } from '../engine/migration.ts'
import type { Palette } from './palette.ts'
import { onOneLine } from './printable.ts'
import { MIGRATION_WORDS } from './proof-words.ts'
import { countText, durationText, sizeText } from './quantities.ts'
import { assertionLines, findingLine } from './text-findings.ts'
import { wrapped } from './wrap.ts'

/** Columns. */
const WIDTH = 80
/** Of each list; the rest are counted. */
const SHOWN = 10
/** Lines of the schema's diff. */
const DIFF_SHOWN = 60

export function migrationLines(migration: Migration, palette: Palette): readonly string[] {
  const { result, seconds, statements, command, backup, error, findings, exitCode } = migration
  const { bold, red, green, yellow, dim } = palette
  const style = { succeeded: green, failed: red, 'could-not-run': yellow }[result]
  const word = result === 'succeeded' ? MIGRATION_WORDS[result] : MIGRATION_WORDS[result].toUpperCase()
  return [
    `${bold('migration')} ${style(word)} in ${durationText(seconds)}, ${countText(statements, 'statement')}, on ${backup}`,
    ...wrapped(
      `  ${onOneLine(command)}${exitCode === 0 ? '' : exitCode === null ? ' (ended by a signal)' : ` (exit code ${exitCode})`}`,
      WIDTH,
      4,
    ).map(dim),
    ...(error === undefined
      ? []
      : [
          ...wrapped(`  ${red('the server:')} ${onOneLine(error.message)} (${error.code})`, WIDTH, 4),
          ...(error.statement === undefined ? [] : wrapped(`    ${onOneLine(error.statement)}`, WIDTH, 6)),
        ]),
    ...findings.flatMap(finding => [
      ...findingLine(finding, palette),
      ...(finding.hint === undefined ? [] : wrapped(`    hint: ${finding.hint}`, WIDTH, 6)),
    ]),
    ...listed('slow statements', migration.slow, slow => `${durationText(slow.seconds)}  ${onOneLine(slow.statement)}`),
    ...(migration.locks.length === 0 ? noLocks(migration) : listed('locks', migration.locks, lockText)),
    ...listed('locks that were not seen, and that its statements must take', migration.needed, neededText),
    ...(migration.schemaOnly
      ? ['  the backup holds no rows, so times and sizes say nothing of a database with rows']
      : []),
    ...diffLines(migration, palette),
    ...listed('tables', migration.tables, tableText),
    ...assertionLines(migration.assertions, palette),
  ]
}

function listed<T>(what: string, items: readonly T[], text: (item: T) => string): readonly string[] {
  if (items.length === 0) return []
  const more = items.length - SHOWN
  return [
    `  ${what}:`,
    ...items.slice(0, SHOWN).flatMap(item => wrapped(`    ${text(item)}`, WIDTH, 6)),
    ...(more > 0 ? [`    and ${more.toLocaleString('en')} more`] : []),
  ]
}

function lockText({ table, mode, seconds, blocks }: HeldLock): string {
  return `${onOneLine(table)}: ${mode} for ${durationText(seconds)}, blocks ${blocks}`
}

function neededText({ table, mode, blocks }: Migration['needed'][number]): string {
  return `${onOneLine(table)}: ${mode}, blocks ${blocks}`
}

function tableText({ name, rows, bytes }: MigratedTable): string {
  const what = rows.before === undefined ? ' (new)' : rows.after === undefined ? ' (gone)' : ''
  const count = (value: number | undefined) => (value === undefined ? '–' : value.toLocaleString('en'))
  const size = (value: number | undefined) => (value === undefined ? '–' : sizeText(value))
  const sizes =
    bytes.before === undefined && bytes.after === undefined ? '' : `, ${size(bytes.before)} → ${size(bytes.after)}`
  return `${onOneLine(name)}${what}: ${count(rows.before)} → ${count(rows.after)} rows${sizes}`
}

/** That none was seen does not say that none is taken. */
function noLocks({ statements, interval }: Migration): readonly string[] {
  if (statements === 0) return []
  return wrapped(
    `  locks: none was seen, looking every ${durationText(interval)}; a quick statement takes one and gives it back in between`,
    WIDTH,
    4,
  )
}

function diffLines(
  { schemaDiff, diffCut, changesSeen, statements }: Migration,
  { red, green, dim }: Palette,
): readonly string[] {
  if (statements === 0 && schemaDiff === '') return []
  if (!changesSeen) return ['  what it changed is not known, as nobody could look at it afterwards']
  if (schemaDiff === '') return ['  the schema is as it was']
  const lines = schemaDiff.trimEnd().split('\n')
  const more = lines.length + diffCut - Math.min(lines.length, DIFF_SHOWN)
  const style = (line: string) => (line.startsWith('+') ? green : line.startsWith('-') ? red : dim)(line)
  return [
    '  the schema changed:',
    ...lines.slice(0, DIFF_SHOWN).map(line => `    ${style(onOneLine(line.trimEnd()))}`),
    ...(more > 0 ? [dim(`    and ${countText(more, 'more line')}`)] : []),
  ]
}
