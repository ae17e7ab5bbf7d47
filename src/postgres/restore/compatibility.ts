/** Whether a target can take a backup at all: told before anything is done. */
import pg from 'pg'
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import { describeSorting, localeOptions, majorFor, sortingOf, sortsAlike } from '../database-locale.ts'
import type { DatabaseDetail } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import type { RestoreMode } from './restore-mode.ts'
import { type Choice, listed } from './selection.ts'
import type { TargetFacts } from './target-facts.ts'

/** Tables that a message names. */
const NAMED = 10

/** Throws `unsupported`; returns what will differ, or may fail. */
export function checkCompatibility(
  { plan: { detail, preData }, isPart, what }: Pick<Choice, 'plan' | 'isPart' | 'what'>,
  facts: TargetFacts,
  mode: RestoreMode,
  /** What needs an extension that is not to be had may be left out, with its rows. */
  isTolerant: boolean,
): Problem[] {
  const problems: Problem[] = [...withoutRows(detail, what)]
  const from = major(detail.serverVersion)
  const to = major(facts.version)
  if (to < from) {
    problems.push({
      severity: 'warning',
      message: `The backup is from PostgreSQL ${from}, the target is the older ${to}.`,
      hint: 'What the older server does not know yet makes the restore fail with its message.',
    })
  }
  const encoding = encodingProblem(detail.encoding, facts.encoding)
  if (encoding !== undefined) problems.push(encoding)
  problems.push(...sortingProblems(detail, facts))
  for (const { name, schema } of detail.extensions) {
    const installed = facts.extensions.get(name)
    // An atomic restore drops it, if it may.
    if (
      isPart ||
      mode === 'swap' ||
      installed === undefined ||
      installed.schema === schema ||
      (mode === 'atomic' && installed.ours)
    )
      continue
    problems.push({
      severity: 'warning',
      message: `Extension ${name} stands in schema ${installed.schema} on the target, in ${schema} in the backup.`,
      hint: `If a table is left out for it: ALTER EXTENSION "${name}" SET SCHEMA "${schema}", and restore again`,
    })
  }
  const missing = preData.flatMap(({ entry }) =>
    entry.type === 'EXTENSION' && !facts.available.has(entry.name) && !facts.extensions.has(entry.name)
      ? [entry.name]
      : [],
  )
  if (missing.length > 0 && isTolerant) {
    problems.push({
      severity: 'warning',
      message: `The target cannot install what the backup needs: ${missing.join(', ')}. What needs it, tables with their rows too, is left out and listed.`,
      hint: 'Where that is not wanted, install the packages of these extensions on the server, or restore to one that has them.',
    })
  } else if (missing.length > 0) {
    throw new ComebackError('unsupported', `The target cannot install what the backup needs: ${missing.join(', ')}.`, {
      hint: `Install the packages of these extensions on the server, or restore to one that has them. ${withoutThem(detail, missing, isPart)} Or all that does without them, and a list of the rest: --tolerate.`,
    })
  }
  return problems
}

/** What the backup was told to leave out comes back empty: said, since the day of the restore is another than that of the backup. */
export function withoutRows({ schemaOnly, excludedData }: DatabaseDetail, what: Choice['what']): readonly Problem[] {
  // Asked for now, and not a surprise; rows alone leave those tables as they are.
  if (what !== 'all') return []
  if (schemaOnly) return [{ severity: 'warning', message: 'The backup is schema-only: tables come back without rows.' }]
  if (excludedData.length === 0) return []
  const names = excludedData.slice(0, NAMED).map(displayName).join(', ')
  const more = excludedData.length > NAMED ? ` and ${excludedData.length - NAMED} more` : ''
  return [{ severity: 'warning', message: `The backup was made without the rows of ${names}${more}.` }]
}

/** A part brings no extension, so it goes well where nothing in it needs one. */
function withoutThem({ schemas, extensions }: DatabaseDetail, missing: readonly string[], isPart: boolean): string {
  if (isPart) return 'Or choose what does without them.'
  const theirs = new Set(extensions.flatMap(({ name, schema }) => (missing.includes(name) ? [schema] : [])))
  const others = schemas.filter(schema => !theirs.has(schema) || schema === 'public')
  const which = others.length === 0 ? '' : ` (of ${listed(others)})`
  return `Or restore all that does without them, with its rows: --schemas NAME…${which}, or --tables NAME….`
}

function sortingProblems(detail: DatabaseDetail, facts: TargetFacts): Problem[] {
  const wanted = sortingOf(detail)
  if (wanted.collate === '' || sortsAlike(wanted, facts)) return []
  const since = majorFor(wanted)
  const options = [`ENCODING ${pg.escapeLiteral(detail.encoding)}`, ...localeOptions(wanted)].join(' ')
  return [
    {
      severity: 'warning',
      message: `The source sorts text by ${describeSorting(wanted)}, the target by ${describeSorting(facts)}.`,
      hint:
        major(facts.version) < since
          ? `Where the order of text matters, restore into PostgreSQL ${since} or newer, which can sort so.`
          : `Where the order of text matters, restore into a database that is made with CREATE DATABASE … TEMPLATE template0 ${options}`,
    },
  ]
}

function encodingProblem(from: string, to: string): Problem | undefined {
  if (from === to) return undefined
  if (to !== 'UTF8') {
    throw new ComebackError('unsupported', `The backup's text is ${from}, the target's encoding is ${to}.`, {
      hint: `Create the target with: CREATE DATABASE … ENCODING '${from}' TEMPLATE template0`,
    })
  }
  return {
    severity: 'warning',
    message:
      from === 'SQL_ASCII'
        ? 'The source has no encoding (SQL_ASCII): text that is not valid UTF-8 makes the restore fail.'
        : `The source's text is ${from}; it is stored as UTF8.`,
  }
}

function major(version: number): number {
  return Math.floor(version / 10_000)
}
