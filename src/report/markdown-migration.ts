/** What migrations did to a restored backup, as Markdown. Its own names stand in it in any case: they are those of the pull request. */
import type { HeldLock, MigratedTable, Migration } from '../engine/migration.ts'
import { code, fenced, prose } from './markdown-escape.ts'
import { folded, markdownTable, questions } from './markdown-parts.ts'
import { assertionSection, findingBox, type Parts } from './markdown-proof.ts'
import { fittingLines, type Section } from './markdown-sections.ts'
import { fitted } from './printable.ts'
import { MIGRATION_WORDS, stepsOf } from './proof-words.ts'
import { countText, durationText, sizeText } from './quantities.ts'

/** Columns of one line, and bytes, of a statement or message; it may be a file of a megabyte. */
const LINE = 400
const BLOCK_LIMIT = 4_000
/** Bytes of the diff. */
const DIFF_LIMIT = { brief: 20_000, whole: 300_000 } as const
const STEPS = 5
const LOCK_MARKS: Readonly<Record<HeldLock['blocks'], string>> = {
  'reads and writes': '🛑',
  writes: '⚠️',
  'schema changes': '',
}
const MARKS = { succeeded: '✅', failed: '❌', 'could-not-run': '⚠️' } as const

export function migrationSections(migration: Migration, { brief }: { readonly brief: boolean }): Parts {
  const { findings, slow, locks, needed, interval, tables, assertions } = migration
  const section = (what: string, lines: readonly string[]): readonly Section[] =>
    lines.length === 0 ? [] : [{ what, lines }]
  return {
    answers: [
      {
        what: '',
        lines: ['', '### Migration', '', ...findingBox(findings), ...serverError(migration), ...answers(migration)],
      },
    ],
    details: [
      ...section('the assertions after the migration', assertionSection(assertions)),
      ...section(
        'the slow statements',
        table(`${countText(slow.length, 'statement')} of a second or more`, SLOW, slow.map(slowRow)),
      ),
      ...section('the locks', [
        ...table(`Locks, looked at every ${durationText(interval)}: shorter ones may be missing`, LOCKS, [
          ...locks.map(lockRow),
          ...needed.map(neededRow),
        ]),
      ]),
      ...section(
        'the changed tables',
        table(`${countText(tables.length, 'table')} with other rows or another size`, TABLES, tables.map(tableRow)),
      ),
      ...section('the changes of the schema', schemaDiff(migration, DIFF_LIMIT[brief ? 'brief' : 'whole'])),
    ],
  }
}

function answers(migration: Migration): readonly string[] {
  const { command, result, seconds, statements, backup, exitCode, locks, schemaDiff, tables, findings } = migration
  const end = exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`
  const blocking = locks.filter(({ blocks }) => blocks !== 'schema changes')
  const longest = blocking[0]
  const steps = stepsOf(findings).slice(0, STEPS)
  return [
    '',
    ...questions([
      [
        'Does it run?',
        `${MARKS[result]} It ${MIGRATION_WORDS[result]} against ${code(backup)}: ${code(command)}, ${countText(statements, 'statement')} in ${durationText(seconds)} (${end}).`,
      ],
      [
        'Would it stand in the way?',
        longest === undefined
          ? unseen(migration)
          : `${migration.schemaOnly ? 'The backup holds no rows, so times say nothing of a database with rows. ' : ''}The longest lock that does: ${code(longest.table)} for **${durationText(longest.seconds)}**, ${longest.blocks} wait.`,
      ],
      [
        'What changed?',
        !migration.changesSeen
          ? 'Not known: nobody could look at it afterwards.'
          : `The schema ${schemaDiff === '' ? 'did not' : 'did'}; ${tables.length === 0 ? 'no table has other rows or another size' : `${countText(tables.length, 'table')} with other rows or another size`}.`,
      ],
      steps.length === 0
        ? undefined
        : [
            'What should I do?',
            fittingLines(
              steps.map(step => `\n    - ${prose(fitted(step, LINE))}`),
              BLOCK_LIMIT,
            ).join(''),
          ],
    ]),
    '',
  ]
}

/** That none was seen does not say that none is taken. */
function unseen({ statements, interval, needed }: Migration): string {
  if (statements === 0) return 'Not known: nothing ran.'
  const looked = `they are looked at every ${durationText(interval)}`
  const [first] = needed.filter(({ blocks }) => blocks !== 'schema changes')
  return first === undefined
    ? `No lock that keeps others from reading or writing was seen; ${looked}, so a quick statement may have taken one.`
    : `For less than was seen, as ${looked}: ${code(first.table)} was locked, ${first.blocks} wait. On a busy server such a lock waits for its turn, and everybody else behind it.`
}

/** The statement and the server's own words. */
function serverError({ error }: Migration): readonly string[] {
  if (error === undefined) return []
  const { statement, message, code: state } = error
  return [
    '',
    `The server's message (SQLSTATE ${code(state)}):`,
    '',
    ...fenced('text', block(message)),
    '',
    ...(statement === undefined
      ? []
      : ['The statement, without its literals:', '', ...fenced('sql', block(statement)), '']),
  ]
}

function block(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n')
  const kept = fittingLines(
    lines.map(line => fitted(line.trimEnd(), LINE)),
    BLOCK_LIMIT,
  )
  return kept.length === lines.length ? kept : [...kept, '…']
}

type Columns = Parameters<typeof markdownTable>[0]

const SLOW: Columns = [{ head: 'Took', right: true }, { head: 'Statement' }]
const LOCKS: Columns = [{ head: 'Table' }, { head: 'Lock' }, { head: 'Held', right: true }, { head: 'What waits' }]
const TABLES: Columns = [{ head: 'Table' }, { head: 'Rows', right: true }, { head: 'Size', right: true }]

function table(title: string, columns: Columns, rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : folded(title, markdownTable(columns, rows))
}

function slowRow({ statement, seconds }: Migration['slow'][number]): readonly string[] {
  return [durationText(seconds), code(statement)]
}

/** What was not seen was short here; on a busy server it waits for its turn, and everybody else behind it. */
function neededRow({ table, mode, blocks }: Migration['needed'][number]): readonly string[] {
  return [code(table), code(mode), 'not seen', `${LOCK_MARKS[blocks]} ${blocks}`.trim()]
}

function lockRow({ table, mode, seconds, blocks }: HeldLock): readonly string[] {
  return [code(table), code(mode), durationText(seconds), `${LOCK_MARKS[blocks]} ${blocks}`.trim()]
}

function tableRow({ name, rows, bytes }: MigratedTable): readonly string[] {
  const what = rows.before === undefined ? ' (new)' : rows.after === undefined ? ' (gone)' : ''
  return [`${code(name)}${what}`, change(rows, count), change(bytes, sizeText)]
}

function change({ before, after }: MigratedTable['rows'], text: (value: number) => string): string {
  const shown = (value: number | undefined) => (value === undefined ? '–' : text(value))
  return before === after ? shown(after) : `${shown(before)} → ${shown(after)}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function schemaDiff({ schemaDiff: diff, diffCut }: Migration, limit: number): readonly string[] {
  if (diff === '') return []
  const lines = diff.trimEnd().split('\n')
  const shown = fittingLines(
    lines.map(line => fitted(line.trimEnd(), LINE)),
    limit,
  )
  const more = lines.length - shown.length + diffCut
  return folded('How the schema changed', [
    ...fenced('diff', shown),
    ...(more > 0 ? ['', `… and ${countText(more, 'more line')}.`] : []),
  ])
}
