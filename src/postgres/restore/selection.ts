/**
 * Which part of a backup a person asked for. A chosen table brings along what is a part of it: its partitions, the sequences
 * that its columns own, defaults, indexes, constraints, triggers, rules, policies, statistics, comments, grants, its place in
 * publications. A chosen schema brings along everything in it. What else they need (types, functions, other tables) is not
 * followed: `needs.ts` says what of it the target lacks.
 */
import { ComebackError } from '../../errors.ts'
import type { Relation } from '../detail.ts'
import { type NamePattern, parseSchemaPattern, parseTablePattern } from '../schema/name-pattern.ts'
import { NAME, unquoted } from '../schema/sql-name.ts'
import { displayName } from '../sql-text.ts'
import { keyOf, membershipOf, subjectOf } from './entry-subject.ts'
import type { PlannedEntry, RestorePlan, TableLoad } from './restore-plan.ts'
import { sequenceIn } from './sequence-values.ts'

/** What a person asked for, as it was typed. */
export interface SelectionOptions {
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly schemaOnly: boolean
  readonly dataOnly: boolean
}

export interface Selection {
  readonly tables: readonly NamePattern[]
  readonly schemas: readonly NamePattern[]
  /** `schema`: no rows, no values of sequences. `data`: nothing else. */
  readonly what: 'all' | 'schema' | 'data'
}

/** What of the backup the selection means. */
export interface Choice {
  /** The backup's plan with nothing but what was chosen; its detail names only the schemas that were chosen whole. */
  readonly plan: RestorePlan
  /** False if all of the backup was meant. */
  readonly isPart: boolean
  readonly what: Selection['what']
  /** Tables, views, sequences … by `keyOf`, those in chosen schemas among them. */
  readonly relations: ReadonlyMap<string, ChosenRelation>
  /** Schemas chosen whole. */
  readonly schemas: readonly string[]
}

export interface ChosenRelation extends Relation {
  readonly type: string
  /** Of a sequence of a table, or of a partition: the table. */
  readonly of: string | undefined
}

/** Names that a message lists. */
const NAMED = 10
/** A table, as pg_dump's `-t` understands it. */
const RELATION_TYPES: readonly string[] = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE']
const ABOUT_SCHEMA = new RegExp(
  `^(?:CREATE|ALTER|COMMENT ON) SCHEMA ${NAME}|^(?:GRANT|REVOKE) [A-Z, ]+ ON SCHEMA ${NAME} `,
)

/** Throws `usage` for a malformed pattern, and for two options that exclude each other. */
export function parseSelection(options: SelectionOptions | undefined): Selection {
  if (options?.schemaOnly && options.dataOnly) {
    throw new ComebackError('usage', 'A restore of the structure alone and of the rows alone at once is nothing.', {
      hint: 'Leave out --schema-only and --data-only to restore both.',
    })
  }
  return {
    tables: (options?.tables ?? []).map(parseTablePattern),
    schemas: (options?.schemas ?? []).map(parseSchemaPattern),
    what: options?.schemaOnly ? 'schema' : options?.dataOnly ? 'data' : 'all',
  }
}

/** Throws `usage` if a pattern matches nothing, or rows are asked for which the backup doesn't hold. */
export function choose(plan: RestorePlan, selection: Selection): Choice {
  const { tables, schemas, what } = selection
  if (what === 'data' && plan.detail.schemaOnly) {
    throw new ComebackError('usage', 'The backup is schema-only: it has no rows that --data-only could restore.', {
      hint: 'Choose a backup that was made with its rows.',
    })
  }
  const isPart = tables.length > 0 || schemas.length > 0
  if (!isPart) {
    // Rows alone go by the tables, all the rest by the entries.
    const relations = what === 'data' ? relationsOf(plan) : new Map()
    return { plan: reduced(plan, what), isPart, what, relations, schemas: plan.detail.schemas }
  }
  const known = relationsOf(plan)
  const chosenSchemas = matching(plan.detail.schemas, schemas)
  const relations = chosenRelations(known, tables, new Set(chosenSchemas))
  const part = partOf(plan, relations, new Set(chosenSchemas))
  return { plan: reduced(part, what), isPart, what, relations, schemas: chosenSchemas }
}

/** `tables a, b*; schemas c; rows alone`. */
export function selectionText({ tables, schemas, what }: Selection): string {
  const named = (noun: string, patterns: readonly NamePattern[]) =>
    patterns.length === 0 ? [] : [`${noun} ${patterns.map(({ pattern }) => pattern).join(', ')}`]
  const how = { all: [], schema: ['structure without rows'], data: ['rows alone'] }[what]
  return [...named('tables', tables), ...named('schemas', schemas), ...how].join('; ')
}

/** Drops the statements that set other sequences; undefined where all are wanted. */
export function onlyChosenSequences({ relations, isPart }: Choice): ((statement: string) => string[]) | undefined {
  if (!isPart) return undefined
  return statement => {
    const sequence = sequenceIn(statement)
    return sequence === undefined || relations.has(keyOf(sequence)) ? [statement] : []
  }
}

/** The schemas that hold what was chosen. */
export function schemasOf({ isPart, relations, schemas }: Choice): string[] {
  return isPart ? [...new Set([...schemas, ...[...relations.values()].map(({ schema }) => schema)])] : [...schemas]
}

export function allEntries(plan: RestorePlan): readonly PlannedEntry[] {
  return [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last]
}

function relationsOf(plan: RestorePlan): Map<string, ChosenRelation> {
  const owners = new Map<string, string>()
  for (const one of allEntries(plan)) {
    const member = membershipOf(one)
    if (member !== undefined) owners.set(keyOf(member.part), keyOf(member.of))
  }
  const relations = new Map<string, ChosenRelation>()
  for (const one of plan.preData) {
    const { type } = one.entry
    if (!RELATION_TYPES.includes(type)) continue
    // The statement that makes an identity column's sequence alters the table.
    const relation = type === 'SEQUENCE' ? (membershipOf(one)?.part ?? subjectOf(one)) : subjectOf(one)
    if (relation === undefined) continue
    const key = keyOf(relation)
    relations.set(key, { schema: relation.schema, name: relation.name, type, of: owners.get(key) })
  }
  return relations
}

function matching(names: readonly string[], patterns: readonly NamePattern[]): string[] {
  for (const { pattern, name } of patterns) {
    if (names.some(schema => name.test(schema))) continue
    throw new ComebackError('usage', `The backup has no schema that matches ${pattern}.`, {
      hint: `Its schemas: ${listed(names)}.`,
    })
  }
  return names.filter(schema => patterns.some(({ name }) => name.test(schema)))
}

function chosenRelations(
  known: ReadonlyMap<string, ChosenRelation>,
  patterns: readonly NamePattern[],
  schemas: ReadonlySet<string>,
): Map<string, ChosenRelation> {
  const named = new Set<string>()
  for (const { pattern, schema, name } of patterns) {
    const found = [...known].filter(
      ([, one]) => (schema === undefined ? one.schema === 'public' : schema.test(one.schema)) && name.test(one.name),
    )
    if (found.length === 0) throw noTable(pattern, name, known)
    for (const [key] of found) named.add(key)
  }
  const isChosen = (key: string | undefined): boolean => {
    const one = key === undefined ? undefined : known.get(key)
    return one !== undefined && (named.has(key ?? '') || schemas.has(one.schema) || isChosen(one.of))
  }
  return new Map([...known].filter(([key]) => isChosen(key)))
}

function noTable(pattern: string, name: RegExp, known: ReadonlyMap<string, ChosenRelation>): ComebackError {
  const elsewhere = [...known.values()].filter(one => name.test(one.name)).map(displayName)
  return new ComebackError('usage', `The backup has no table that matches ${pattern}.`, {
    hint:
      elsewhere.length > 0
        ? `A pattern without a schema means schema public. It has ${listed(elsewhere)}.`
        : 'Write table or schema.table; capitals need double quotes.',
  })
}

function partOf(
  plan: RestorePlan,
  relations: ReadonlyMap<string, ChosenRelation>,
  schemas: ReadonlySet<string>,
): RestorePlan {
  const members = new Map<string, string>()
  for (const one of allEntries(plan)) {
    const member = membershipOf(one)
    if (member !== undefined) members.set(keyOf(member.part), keyOf(member.of))
  }
  const isChosen = (key: string | undefined): boolean =>
    key !== undefined && (relations.has(key) || isChosen(members.get(key)))
  const takes = (one: PlannedEntry): boolean => {
    if (one.entry.schema !== null && schemas.has(one.entry.schema)) return true
    const subject = subjectOf(one)
    if (subject !== undefined) return isChosen(keyOf(subject))
    const schema = schemaIn(one)
    return schema !== undefined && schemas.has(schema)
  }
  const takesLoad = ({ into, ranges }: TableLoad) =>
    relations.has(keyOf(into)) || ranges.some(({ detail }) => relations.has(keyOf(detail.table)))
  const loads = plan.loads.filter(takesLoad)
  const segments = new Set(loads.flatMap(({ ranges }) => ranges.map(({ segment }) => segment.name)))
  const { detail } = plan
  return {
    detail: {
      ...detail,
      schemas: [...schemas],
      excludedData: detail.excludedData.filter(table => relations.has(keyOf(table))),
      rows: Object.fromEntries(Object.entries(detail.rows).filter(([name]) => segments.has(name))),
    },
    preData: plan.preData.filter(takes),
    loads,
    added: [],
    sequences: plan.sequences,
    largeObjects: [],
    postData: plan.postData.filter(takes),
    permissions: plan.permissions.filter(takes),
    last: plan.last.filter(takes),
  }
}

/** The schema that an entry creates, or is about. */
export function schemaIn({ statements }: PlannedEntry): string | undefined {
  for (const sql of statements) {
    const match = ABOUT_SCHEMA.exec(sql)
    const name = match?.[1] ?? match?.[2]
    if (name !== undefined) return unquoted(name)
  }
  return undefined
}

function reduced(plan: RestorePlan, what: Selection['what']): RestorePlan {
  if (what === 'all') return plan
  if (what === 'data') {
    const last = plan.last.filter(({ entry }) => entry.type === 'MATERIALIZED VIEW DATA')
    return { ...plan, preData: [], postData: [], permissions: [], last }
  }
  const last = plan.last.filter(({ entry }) => entry.type !== 'MATERIALIZED VIEW DATA')
  // As a backup that has no rows: what is there of large objects stays.
  const detail = { ...plan.detail, schemaOnly: true, excludedData: [], rows: {} }
  return { ...plan, detail, loads: [], added: [], sequences: [], largeObjects: [], last }
}

export function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return `${names.slice(0, NAMED).join(', ')}${more}`
}
