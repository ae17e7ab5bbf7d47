/**
 * What a chosen part of a backup needs that was not chosen: found before anything is done. The dump does not say what depends on
 * what, but it qualifies every name, so a name of the backup's own that stands in a chosen statement is a need. What can be left
 * out without harm to the rows (a foreign key, the place among partitions) is, and listed; of the rest a person is warned, and
 * the server has the last word.
 */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation, SchemaEntry } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import { displayName } from '../sql-text.ts'
import { keyOf, membershipOf } from './entry-subject.ts'
import { tableKey, tablesOf } from './post-data.ts'
import { entryName, type PlannedEntry, type RestorePlan } from './restore-plan.ts'
import { allEntries, type Choice, listed, schemaIn } from './selection.ts'
import type { SkippedEntry } from './skipped.ts'
import type { TargetFacts } from './target-facts.ts'

/** Entries that make what others can need. */
const NEEDED_TYPES =
  /^(?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|TYPE|DOMAIN|FUNCTION|PROCEDURE|AGGREGATE|COLLATION|TEXT SEARCH (?:CONFIGURATION|DICTIONARY))$/
/** Entries whose text may name anything without needing it. */
const NAMES_FREELY = /^(?:COMMENT|ACL|DEFAULT ACL|FUNCTION|PROCEDURE|SECURITY LABEL)$/
const MENTION = /("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\.("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)/gu
const OF_CONSTRAINT = new RegExp(`^COMMENT ON CONSTRAINT ${NAME} ON ${QUALIFIED_NAME} IS`)
const CONSTRAINT = new RegExp(String.raw`\sADD CONSTRAINT ${NAME}\s`)
const PUBLICATION = new RegExp(`^ALTER PUBLICATION ${NAME} ADD`)
const AFTER_INDEXES = /^(?:CONSTRAINT|CHECK CONSTRAINT|INDEX|COMMENT)$/

export interface Needs {
  /** Without what would have nothing to refer to. */
  readonly plan: RestorePlan
  readonly problems: readonly Problem[]
  readonly skipped: readonly SkippedEntry[]
}

/** Only looks. Throws `unsupported` where rows can't be restored by themselves. */
export async function findNeeds(
  connection: Connection,
  whole: RestorePlan,
  choice: Choice,
  facts: TargetFacts,
): Promise<Needs> {
  if (!choice.isPart || choice.what === 'data') return { plan: choice.plan, problems: [], skipped: [] }
  refuseRowsThroughRoot(choice)
  const mentions = mentionsOf(whole, choice)
  const present = await presentIn(connection, [...mentions.values()].flat())
  const publications = await publicationsOf(connection)
  const parents = parentsOf(choice.plan)

  const skipped: SkippedEntry[] = []
  const gone = new Set<string>()
  const late: PlannedEntry[] = []
  const crossing: string[] = []
  const needed = new Map<string, string>()
  const keep = (one: PlannedEntry): boolean => {
    const { entry } = one
    const leaveOut = (reason: string) => {
      skipped.push({ kind: entry.type, name: entryName(entry).slice(entry.type.length + 1), reason })
      return false
    }
    if (entry.type === 'COMMENT') return !gone.has(constraintOfComment(one) ?? '')
    const publication = nameOf(PUBLICATION, one)
    if (publication !== undefined && !publications.has(publication))
      return leaveOut(`the target has no publication ${publication}`)
    if (entry.type === 'INDEX ATTACH') return true
    const wanted = mentions.get(one) ?? []
    const missing = wanted.filter(object => !present.has(keyOf(object)))
    if (entry.type === 'TABLE ATTACH') {
      const [root] = wanted
      if (root === undefined) return true
      if (missing.length === 0) late.push(one)
      else leaveOut(`the target has no ${displayName(root)}, and it was not chosen`)
      return false
    }
    if (entry.type === 'FK CONSTRAINT') {
      const referenced = tablesOf(one)?.[1]
      const lacking = missing.find(object => keyOf(object) === referenced)
      if (lacking !== undefined) {
        gone.add(constraintKey(one) ?? '')
        return leaveOut(`the target has no ${displayName(lacking)}, and it was not chosen`)
      }
      const other = wanted.find(object => keyOf(object) === referenced)
      if (other !== undefined) crossing.push(`${entryName(entry)} (to ${displayName(other)})`)
    }
    if (entry.type === 'SEQUENCE OWNED BY' && missing.length > 0)
      return leaveOut(`the target has no ${displayName(missing[0] ?? { schema: '', name: '' })}, and it was not chosen`)
    for (const object of missing) {
      if (!needed.has(keyOf(object)))
        needed.set(keyOf(object), `${object.type} ${displayName(object)} (for ${entryName(entry)})`)
    }
    return true
  }
  const { plan } = choice
  const preData = plan.preData.filter(keep)
  const postData = plan.postData.filter(keep).filter(one => !attachesToOther(one, parents, choice))
  const ready = postData.findIndex(({ entry }) => !AFTER_INDEXES.test(entry.type))
  const at = ready < 0 ? postData.length : ready
  return {
    plan: {
      ...plan,
      preData: [...missingSchemas(whole, choice, facts), ...preData],
      // A partition that joins while it lacks its indexes would be given others, whose names are then taken.
      postData: [...postData.slice(0, at), ...late, ...postData.slice(at)],
      permissions: plan.permissions.filter(keep),
      last: plan.last.filter(keep),
    },
    problems: [...needProblems([...needed.values()], crossing), ...extensionProblems(whole, facts)],
    skipped,
  }
}

interface Mentioned extends Relation {
  readonly type: string
}

/** Of each chosen entry, what of the backup it names that was not chosen. */
function mentionsOf(whole: RestorePlan, choice: Choice): ReadonlyMap<PlannedEntry, readonly Mentioned[]> {
  const objects = new Map<string, Mentioned>()
  for (const { entry } of whole.preData) {
    const object = mentionable(entry)
    if (object === undefined || choice.schemas.includes(object.schema)) continue
    if (!choice.relations.has(keyOf(object))) objects.set(keyOf(object), object)
  }
  return new Map(
    allEntries(choice.plan).map((one): readonly [PlannedEntry, readonly Mentioned[]] => {
      if (NAMES_FREELY.test(one.entry.type)) return [one, []]
      const keys = new Set(
        [...one.statements.join('\n').matchAll(MENTION)].map(([, schema = '', name = '']) =>
          tableKey(unquoted(schema), unquoted(name)),
        ),
      )
      return [one, [...keys].flatMap(key => objects.get(key) ?? [])]
    }),
  )
}

function mentionable({ type, schema, name }: SchemaEntry): Mentioned | undefined {
  if (schema === null || !NEEDED_TYPES.test(type)) return undefined
  const hasArguments = type === 'FUNCTION' || type === 'PROCEDURE' || type === 'AGGREGATE'
  return { type, schema, name: hasArguments ? name.replace(/\(.*$/s, '') : name }
}

async function presentIn(connection: Connection, objects: readonly Relation[]): Promise<Set<string>> {
  if (objects.length === 0) return new Set()
  const rows = await connection.query<Relation>(
    `SELECT w.schema, w.name FROM unnest($1::text[], $2::text[]) AS w(schema, name)
       JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
      WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace = n.oid AND t.typname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.collnamespace = n.oid AND l.collname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_ts_config f WHERE f.cfgnamespace = n.oid AND f.cfgname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_ts_dict d WHERE d.dictnamespace = n.oid AND d.dictname = w.name)`,
    [objects.map(({ schema }) => schema), objects.map(({ name }) => name)],
  )
  return new Set(rows.map(keyOf))
}

async function publicationsOf(connection: Connection): Promise<Set<string>> {
  const rows = await connection.query<{ name: string }>('SELECT pubname::text AS name FROM pg_catalog.pg_publication')
  return new Set(rows.map(row => row.name))
}

/** Of each index and partition in the plan, what it is attached to. */
function parentsOf(plan: RestorePlan): Map<string, string> {
  return new Map(
    [...plan.preData, ...plan.postData].flatMap(one => {
      const member = membershipOf(one)
      return member === undefined ? [] : [[keyOf(member.part), keyOf(member.of)] as const]
    }),
  )
}

/** The index of a partition whose root was not chosen: joining the root attaches it, if the root has such an index. */
function attachesToOther(one: PlannedEntry, parents: ReadonlyMap<string, string>, { relations }: Choice): boolean {
  if (one.entry.type !== 'INDEX ATTACH') return false
  const [, parentSchema = '', parent = ''] =
    new RegExp(`^ALTER INDEX ${QUALIFIED_NAME} ATTACH PARTITION`).exec(one.statements[0] ?? '') ?? []
  const table = parents.get(tableKey(unquoted(parentSchema), unquoted(parent)))
  return table === undefined || !relations.has(table)
}

/** A table can't be created without its schema. */
function missingSchemas(whole: RestorePlan, { relations, schemas }: Choice, facts: TargetFacts): PlannedEntry[] {
  const wanted = new Set([...relations.values()].map(({ schema }) => schema))
  return whole.preData.filter(one => {
    if (one.entry.type !== 'SCHEMA') return false
    const name = schemaIn(one) ?? ''
    return wanted.has(name) && !schemas.includes(name) && !facts.schemas.has(name)
  })
}

function refuseRowsThroughRoot({ plan, relations }: Choice): void {
  for (const { into, ranges } of plan.loads) {
    const [first] = ranges
    if (relations.has(keyOf(into)) || first === undefined) continue
    throw new ComebackError(
      'unsupported',
      `The rows of ${displayName(first.detail.table)} can only be restored together with ${displayName(into)}.`,
      { hint: `Choose ${displayName(into)}: in which of its partitions a row lies may differ on the target.` },
    )
  }
}

function needProblems(needed: readonly string[], crossing: readonly string[]): Problem[] {
  return [
    ...(needed.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `Needed by what was chosen, not chosen, and missing on the target: ${listed(needed)}.`,
            hint: 'Choose it too, or create it on the target; without it the restore will most likely fail, and change nothing.',
          },
        ]),
    ...(crossing.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `Foreign keys to tables that were not chosen are checked against the rows that the target has: ${listed(crossing)}.`,
            hint: 'If rows are missing there, the restore fails and changes nothing. Choose those tables too.',
          },
        ]),
  ]
}

function extensionProblems({ detail }: RestorePlan, facts: TargetFacts): Problem[] {
  const missing = detail.extensions.filter(({ name }) => !facts.extensions.has(name)).map(({ name }) => name)
  if (missing.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `Extensions are not part of a selection, and the target lacks some that the backup has: ${listed(missing)}.`,
      hint: 'If what was chosen uses them, create them first.',
    },
  ]
}

function constraintKey({ statements }: PlannedEntry): string | undefined {
  const table = tablesOf({ entry: { ...EMPTY, type: 'CONSTRAINT' }, statements })?.[0]
  const name = CONSTRAINT.exec(statements[0] ?? '')?.[1]
  return table === undefined || name === undefined ? undefined : `${table} ${unquoted(name)}`
}

function constraintOfComment({ statements }: PlannedEntry): string | undefined {
  const [, name, schema = '', table = ''] = OF_CONSTRAINT.exec(statements[0] ?? '') ?? []
  return name === undefined ? undefined : `${tableKey(unquoted(schema), unquoted(table))} ${unquoted(name)}`
}

const EMPTY: SchemaEntry = { type: '', schema: null, name: '', owner: null, offset: 0, length: 0, settings: {} }

function nameOf(pattern: RegExp, { statements }: PlannedEntry): string | undefined {
  const name = pattern.exec(statements[0] ?? '')?.[1]
  return name === undefined ? undefined : unquoted(name)
}
