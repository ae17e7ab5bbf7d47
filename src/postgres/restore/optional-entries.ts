/**
 * Entries that servers of other providers refuse, and without which the rows and tables are all there: they are tried, and left
 * out and listed if the role may not make them, or if the provider has put one of its own there. Whether it may shows only when
 * it tries, since providers extend what an ordinary role may do. Anything else that is refused makes the restore fail.
 */
import { sqlStateOf } from '../connection/sql-state.ts'
import type { SchemaEntry } from '../detail.ts'
import { NAME, unquoted } from '../schema/sql-name.ts'
import { keyOf, subjectOf } from './entry-subject.ts'
import { entryName, type PlannedEntry } from './restore-plan.ts'
import type { SkippedEntry } from './skipped.ts'

const OPTIONAL: ReadonlySet<string> = new Set([
  'EXTENSION',
  'EVENT TRIGGER',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION',
  'SUBSCRIPTION TABLE',
  'FOREIGN DATA WRAPPER',
  'SERVER',
  'FOREIGN SERVER',
  'USER MAPPING',
  'PROCEDURAL LANGUAGE',
  'CAST',
  'TRANSFORM',
  'ACCESS METHOD',
  'SECURITY LABEL',
])
/** What tells more of an entry; pg_dump names it by the entry's type and name. */
const ABOUT_ANOTHER: ReadonlySet<string> = new Set(['COMMENT', 'ACL', 'SECURITY LABEL'])
/** Entries that make a relation which others are about. */
const RELATIONS: ReadonlySet<string> = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'])
/** What a statement can't do without, where that is optional too. */
const NEEDS: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['PUBLICATION', new RegExp(`^ALTER PUBLICATION ${NAME} ADD `)],
  ['FOREIGN DATA WRAPPER', new RegExp(`^CREATE SERVER .*FOREIGN DATA WRAPPER ${NAME}`, 's')],
  ['SERVER', new RegExp(`^CREATE USER MAPPING FOR ${NAME} SERVER ${NAME}`)],
  ['SERVER', new RegExp(String.raw`^CREATE FOREIGN TABLE .*\nSERVER ${NAME}`, 's')],
]

const IS_THERE = 'the target has one of its own, which stays'
const REASONS: Readonly<Record<string, string>> = {
  // insufficient_privilege
  '42501': 'the restoring role may not create it',
  // duplicate_object
  '42710': IS_THERE,
  // syntax_error
  '42601': 'the server is too old to understand it',
  // undefined_file: a language that was an extension's
  '58P01': 'the server does not have it',
  // object_not_in_prerequisite_state: no library for a label's provider; feature_not_supported; invalid_parameter_value
  '55000': 'the server does not support it',
  '0A000': 'the server does not support it',
}

export function isOptional({ entry, optional }: PlannedEntry): boolean {
  return optional === true || OPTIONAL.has(entry.type)
}

/** What was left out so far, so that what refers to it can be left out, too. */
export class LeftOut {
  readonly #names = new Set<string>()
  readonly #relations = new Set<string>()
  readonly #there = new Set<string>()

  /** `reason`: why the server refused it. */
  add(planned: PlannedEntry, reason?: string): void {
    const { type, schema, name } = planned.entry
    const relation = RELATIONS.has(type) ? subjectOf(planned) : undefined
    if (relation !== undefined) {
      this.#relations.add(keyOf(relation))
      return
    }
    // Casts and transforms have it in their names.
    const key = nameKey(schema, type === 'CAST' || type === 'TRANSFORM' ? name : `${type} ${name}`)
    this.#names.add(key)
    if (reason === IS_THERE) this.#there.add(key)
  }

  /** Why an entry can't be made: what it is about, or what it needs, was left out. */
  reasonFor(planned: PlannedEntry): string | undefined {
    if (this.#names.size + this.#relations.size === 0) return undefined
    const { entry, statements } = planned
    const subject = this.#relations.size === 0 ? undefined : subjectOf(planned)
    const isAbout = ABOUT_ANOTHER.has(entry.type) && this.#names.has(nameKey(entry.schema, spelled(entry.name)))
    if (isAbout || (subject !== undefined && this.#relations.has(keyOf(subject))))
      return 'what it is about was left out'
    for (const [type, pattern] of NEEDS) {
      const name = statements.flatMap(sql => pattern.exec(sql)?.at(-1) ?? [])[0]
      const needed = nameKey(null, name === undefined ? '' : `${type} ${unquoted(name)}`)
      if (name === undefined || !this.#names.has(needed) || this.#there.has(needed)) continue
      this.add(planned)
      return `${type.toLowerCase()} ${unquoted(name)}, which it needs, was left out`
    }
    return undefined
  }
}

/** Objects of two schemas may have one name. */
function nameKey(schema: string | null, name: string): string {
  return JSON.stringify([schema, name])
}

/** As the entry itself is called that a comment or a grant is about. */
function spelled(name: string): string {
  return name.replace(/^LANGUAGE /, 'PROCEDURAL LANGUAGE ').replace(/^FOREIGN SERVER /, 'SERVER ')
}

export function skippedEntry(entry: SchemaEntry, reason: string): SkippedEntry {
  return { kind: entry.type, name: entryName(entry).slice(entry.type.length + 1), reason }
}

/** Why it is to be borne that the server refused such an entry; undefined where it is not. */
export function refusalReason({ type }: SchemaEntry, error: unknown): string | undefined {
  const state = sqlStateOf(error)
  // A label whose provider is not loaded is an invalid parameter.
  return type === 'SECURITY LABEL' && state === '22023' ? 'its provider is not loaded' : REASONS[state]
}
