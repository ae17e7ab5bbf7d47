/**
 * What of a backup is there already and belongs to somebody else, as on a managed platform: its schemas, tables and functions were
 * made by the provider, who looks after them. They stay as they are, with all that is said of them, and are listed. What people
 * have hung on such a table, a trigger or a policy, is tried. What lies in a provider's schema and is not there cannot be made.
 */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation, SchemaEntry } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import { keyOf, subjectOf } from './entry-subject.ts'
import type { LoadContext } from './load.ts'
import { tableKey } from './post-data.ts'
import { entryName, type PlannedEntry, type RestorePlan, type TableLoad } from './restore-plan.ts'
import type { Choice } from './selection.ts'
import { sequenceIn } from './sequence-values.ts'
import type { TargetFacts } from './target-facts.ts'
import { type DatabaseObject, objectsOfOthers } from './target-objects.ts'
import { decideRows, type TheirRows } from './their-rows.ts'

/** Entries that make something in a schema, for which its owner's leave is needed. */
const MAKES =
  /^(?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|TYPE|SHELL TYPE|DOMAIN|FUNCTION|PROCEDURE|AGGREGATE|OPERATOR.*|COLLATION|CONVERSION|STATISTICS|TEXT SEARCH .*)$/
/** What tells more of an object; pg_dump names it by the object's type and name. */
const ABOUT = /^(?:COMMENT|ACL|SECURITY LABEL)$/
const HUNG_ON = new RegExp(
  `^CREATE (?:OR REPLACE )?(?:(?:CONSTRAINT )?TRIGGER|POLICY) ${NAME} (?:[^"]|"(?:[^"]|"")*")*?ON (?:ONLY )?${QUALIFIED_NAME}`,
  's',
)
/** Entries that a line names of each owner; the problem's list has them all. */
const NAMED = 5

export interface Theirs {
  /** Without what is theirs. */
  readonly plan: RestorePlan
  /** Rows for tables of theirs that may be loaded, in an order that their foreign keys allow. */
  readonly rows: readonly TableLoad[]
  /** Sequences of theirs whose values are not set. */
  readonly keepsValue: (statement: string) => boolean
  readonly owns: (relation: Relation) => boolean
  readonly problems: readonly Problem[]
}

/** Only looks. `facts` as they are now. */
export async function findTheirs(
  connection: Connection,
  plan: RestorePlan,
  facts: TargetFacts,
  load: LoadContext,
): Promise<Theirs> {
  if (facts.superuser) return { plan, rows: [], keepsValue: () => false, owns: () => false, problems: [] }
  const schemas = [...new Set([...plan.detail.schemas, ...schemasOf(plan)])]
  const others = await objectsOfOthers(connection, schemas)
  const owners = new Map(
    others.flatMap(one => [one.name, withoutSchema(one)].map(name => [nameKey(one.type, one.schema, name), one.owner])),
  )
  const relations = new Map(
    others.flatMap(one => (RELATIONS.has(one.type) ? [[tableKey(one.schema, one.name), one.owner] as const] : [])),
  )
  const hung = await hungOn(connection)
  const left: Left[] = []
  const absent = new Map<string, string>()

  const closedTo = (entry: SchemaEntry): string | undefined => {
    const { type, schema } = entry
    if (schema === null || schema === 'public' || !MAKES.test(type)) return undefined
    const there = facts.schemas.get(schema)
    return there === undefined || there.ours || facts.creators.get(schema)?.has(facts.currentUser)
      ? undefined
      : there.owner
  }
  /** The entry as it can be tried; undefined if it is left out. */
  const adapted = (one: PlannedEntry): PlannedEntry | undefined => {
    const { entry } = one
    const subject = subjectOf(one)
    const key = subject === undefined ? undefined : keyOf(subject)
    const owner =
      (key === undefined ? undefined : (relations.get(key) ?? absent.get(key))) ?? ownerByName(entry, owners)
    if (owner === undefined) {
      const closed = closedTo(entry)
      if (closed === undefined) return one
      if (key !== undefined) absent.set(key, closed)
      left.push({ entry, owner: closed, isThere: false })
      return undefined
    }
    const own = hangs(one)
    if (own !== undefined && key !== undefined && !absent.has(key) && !hung.has(own)) return { ...one, optional: true }
    left.push({ entry, owner, isThere: key === undefined || !absent.has(key) })
    return undefined
  }
  const kept = (list: readonly PlannedEntry[]) => list.flatMap(one => adapted(one) ?? [])
  const entries = {
    preData: kept(plan.preData),
    postData: kept(plan.postData),
    permissions: kept(plan.permissions),
    last: kept(plan.last),
  }
  const ofTheirs = ({ into }: TableLoad) => relations.get(keyOf(into)) ?? absent.get(keyOf(into))
  const rows: TheirRows = await decideRows(connection, plan, ofTheirs, new Set(absent.keys()), load)
  const isOurs = (load: TableLoad) => ofTheirs(load) === undefined
  const away = new Set(
    [...plan.loads, ...plan.added]
      .filter(load => !isOurs(load) && !rows.loads.includes(load))
      .flatMap(({ ranges }) => ranges.map(({ segment }) => segment.name)),
  )
  return {
    plan: {
      ...plan,
      ...entries,
      detail: {
        ...plan.detail,
        rows: Object.fromEntries(Object.entries(plan.detail.rows).filter(([name]) => !away.has(name))),
      },
      loads: plan.loads.filter(isOurs),
      added: plan.added.filter(isOurs),
    },
    rows: rows.loads,
    keepsValue(statement) {
      const sequence = sequenceIn(statement)
      if (sequence === undefined) return false
      const key = keyOf(sequence)
      return (relations.has(key) || absent.has(key)) && !rows.sequences.has(key)
    },
    owns: relation => relations.has(keyOf(relation)) || absent.has(keyOf(relation)),
    problems: [...leftProblems(left, facts.currentUser), ...rows.problems],
  }
}

/** Only what is the restoring role's own, or nobody's yet. */
export function withoutTheirs(choice: Choice, { plan, owns }: Theirs): Choice {
  return { ...choice, plan, relations: new Map([...choice.relations].filter(([, relation]) => !owns(relation))) }
}

/** Sets no sequences of theirs, but for those whose tables are loaded. */
export function sparingTheirs(load: LoadContext, { keepsValue }: Theirs): LoadContext {
  const rewrite = (statement: string) => (keepsValue(statement) ? [] : (load.rewrite?.(statement) ?? [statement]))
  return { ...load, rewrite }
}

const RELATIONS: ReadonlySet<string> = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'])

interface Left {
  readonly entry: SchemaEntry
  readonly owner: string
  /** False for what is not there and may not be made. */
  readonly isThere: boolean
}

function schemasOf({ permissions }: RestorePlan): string[] {
  return permissions.flatMap(({ entry }) => (entry.schema === null ? [] : [entry.schema]))
}

function nameKey(type: string, schema: string, name: string): string {
  return schema === '' ? `${type} ${name}` : `${type} ${schema}.${name}`
}

/** As comments and grants name it: quoted, a routine with the names of its arguments. */
function withoutSchema({ schema, identity }: DatabaseObject): string {
  if (schema === '') return identity
  const quoted = identity.startsWith('"') ? `"${schema.replaceAll('"', '""')}"` : schema
  return identity.slice(quoted.length + 1)
}

function ownerByName(entry: SchemaEntry, owners: ReadonlyMap<string, string>): string | undefined {
  const { type, schema } = entry
  const isAbout = ABOUT.test(type)
  const typed = isAbout ? entry.name : `${type} ${entry.name}`
  const [kind = '', name = ''] = split(typed)
  if (schema === null) {
    if (type === 'CAST' || type === 'TRANSFORM') return owners.get(`${type} ${entry.name}`)
    return owners.get(`${kind.replace('PROCEDURAL ', '').replace('FOREIGN SERVER', 'SERVER')} ${unquoted(name)}`)
  }
  if (!isAbout && !MAKES.test(type)) return undefined
  const same = kind === 'SHELL TYPE' ? 'TYPE' : kind
  return owners.get(nameKey(same, schema, name)) ?? owners.get(nameKey(same, schema, unquoted(name)))
}

const KINDS =
  /^(PROCEDURAL LANGUAGE|LANGUAGE|FOREIGN DATA WRAPPER|FOREIGN SERVER|SERVER|EVENT TRIGGER|PUBLICATION|ACCESS METHOD|SCHEMA|FOREIGN TABLE|MATERIALIZED VIEW|TABLE|VIEW|SEQUENCE|SHELL TYPE|TYPE|DOMAIN|FUNCTION|PROCEDURE|AGGREGATE|OPERATOR CLASS|OPERATOR FAMILY|OPERATOR|COLLATION|CONVERSION|STATISTICS|TEXT SEARCH [A-Z]+) (.*)$/s

function split(typed: string): [kind?: string, name?: string] {
  const [, kind, name] = KINDS.exec(typed) ?? []
  return kind === undefined || name === undefined ? [] : [kind, name]
}

/** Triggers and policies that the target has, named as `hangs` names them. */
async function hungOn(connection: Connection): Promise<Set<string>> {
  const rows = await connection.query<{ schema: string; table: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, x.name
       FROM (SELECT tgrelid, tgname::text FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT polrelid, polname::text FROM pg_catalog.pg_policy) x(relation, name)
       JOIN pg_catalog.pg_class c ON c.oid = x.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
  )
  return new Set(rows.map(({ schema, table, name }) => JSON.stringify([schema, table, name])))
}

function hangs({ entry, statements }: PlannedEntry): string | undefined {
  if (entry.type !== 'TRIGGER' && entry.type !== 'POLICY') return undefined
  const [, name, schema = '', table] = HUNG_ON.exec(statements[0] ?? '') ?? []
  return name === undefined || table === undefined
    ? undefined
    : JSON.stringify([unquoted(schema), unquoted(table), unquoted(name)])
}

function leftProblems(left: readonly Left[], user: string): Problem[] {
  const groups = Map.groupBy(left, ({ owner, isThere }) => JSON.stringify([owner, isThere]))
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    const names = group.map(({ entry }) => entryName(entry))
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
    const shown = `${names.slice(0, NAMED).join(', ')}${more}`
    return [
      first.isThere
        ? {
            severity: 'warning' as const,
            message: `What is there and belongs to ${first.owner} stays as it is. Left out: ${shown}.`,
            entries: names,
          }
        : {
            severity: 'partial' as const,
            message: `${user} may not create anything in schemas of ${first.owner}. Left out: ${shown}.`,
            hint: `Restore as a member of ${first.owner}, or choose what is yours with --schemas.`,
            entries: names,
          },
    ]
  })
}
