/**
 * What runs with the rights of its owner, and came back without that owner: a SECURITY DEFINER function, a view, a rule. It is the
 * restoring role's then, and would lend everybody who may use it the rights of that role: more, perhaps, than they ever had. To list
 * it is not enough, since an open door stays open until somebody reads the list. So it is closed, and the list says how to open it.
 */
import pg from 'pg'
import type { Problem, Unmade } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { DatabaseDetail, Relation } from '../detail.ts'
import { qualified } from '../sql-text.ts'
import { keyOf, subjectOf } from './entry-subject.ts'
import { entryName, type PlannedEntry, type RestorePlan } from './restore-plan.ts'
import { listed } from './selection.ts'

const OWNER = /^(ALTER .*) OWNER TO (?:"(?:[^"]|"")*"|[^" ]+)$/s
/** pg_dump writes what a function is in one line before its body. A body that holds such a line is a function closed in vain. */
const DEFINER = /^ {4}LANGUAGE .*\bSECURITY DEFINER\b/m
const FUNCTIONS: ReadonlySet<string> = new Set(['FUNCTION', 'PROCEDURE'])
const RELATIONS: ReadonlySet<string> = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'])

const FUNCTION_HINT =
  'It runs with the rights of whoever calls it now (SECURITY INVOKER). Run the statement when the role is there and the restoring role is a member of it.'
const VIEW_HINT =
  'Nobody but its owner may use it now. Run the statement when the role is there and the restoring role is a member of it.'
const RULE_HINT =
  'The rule is disabled. Run the statement when the role is there and the restoring role is a member of it.'

interface Lost {
  readonly planned: PlannedEntry
  readonly owner: string
  /** `ALTER VIEW public.v OWNER TO app` */
  readonly give: string
}

export class LostOwners {
  readonly #superusers: ReadonlySet<string>
  readonly #relations = new Map<string, Lost>()
  readonly #functions: string[] = []
  readonly #unmade: Unmade[] = []

  /** Whoever takes the place of a superuser has no more rights than that one. Older backups do not tell who was. */
  constructor({ superusers = [] }: Pick<DatabaseDetail, 'superusers'>) {
    this.#superusers = new Set(superusers)
  }

  /** What takes the place of a statement that would give the entry's object to its owner, and cannot. */
  instead(planned: PlannedEntry, give: string, user: string): readonly string[] {
    const { type, owner } = planned.entry
    const [, alter] = OWNER.exec(give) ?? []
    if (alter === undefined || owner === null || this.#superusers.has(owner)) return []
    if (RELATIONS.has(type)) {
      const subject = subjectOf(planned)
      if (subject !== undefined) this.#relations.set(keyOf(subject), { planned, owner, give })
      return []
    }
    if (!FUNCTIONS.has(type) || !planned.statements.some(sql => DEFINER.test(sql))) return []
    this.#functions.push(entryName(planned.entry))
    this.#tell(planned, owner, user, inOne([give, `${alter} SECURITY DEFINER`]), FUNCTION_HINT)
    return [`${alter} SECURITY INVOKER`]
  }

  /**
   * Before any grant is made: returns those of `plan` that may be made. A view whose relations were its owner's own, and are the
   * restoring role's with it, shows what it showed; and one that nobody was granted still is its owner's alone.
   */
  async close(connection: Connection, plan: RestorePlan): Promise<readonly PlannedEntry[]> {
    const closed = new Set<string>()
    for (const [key, { table, rules, user }] of opened(await readsOf(connection, this.#relations, plan))) {
      const lost = this.#relations.get(key)
      if (lost === undefined) continue
      const { planned, owner, give } = lost
      if (rules.length === 0) {
        const grants = plan.permissions.filter(one => subjectKey(one) === key).flatMap(({ statements }) => statements)
        if (!grants.some(sql => sql.startsWith('GRANT'))) continue
        closed.add(key)
        this.#tell(planned, owner, user, inOne([give, ...grants]), VIEW_HINT)
        continue
      }
      const alter = `ALTER TABLE ${qualified(table)}`
      const named = rules.map(rule => pg.escapeIdentifier(rule))
      for (const rule of named) await connection.query(`${alter} DISABLE RULE ${rule}`)
      this.#tell(planned, owner, user, inOne([give, ...named.map(rule => `${alter} ENABLE RULE ${rule}`)]), RULE_HINT)
    }
    return plan.permissions.filter(one => !closed.has(subjectKey(one) ?? ''))
  }

  unmade(): readonly Unmade[] {
    return this.#unmade
  }

  /** For a dry run: of the functions, which alone show in the backup. */
  problems(user: string): readonly Problem[] {
    if (this.#functions.length === 0) return []
    return [
      {
        severity: 'warning',
        message: `These run with the rights of an owner that cannot be given back, and will run with those of whoever calls them, so that nobody gets the rights of ${user}: ${listed(this.#functions)}.`,
        hint: 'Restore as a superuser or a member of their owners, with --create-roles where the target lacks those.',
        entries: this.#functions,
      },
    ]
  }

  #tell({ entry }: PlannedEntry, owner: string, user: string, later: string, hint: string): void {
    const reason = `it had the rights of its owner ${owner}, which it could not be given back to, and would have those of ${user}`
    this.#unmade.push({ entry: entryName(entry), outcome: 'changed', reason, sqlState: '', later: [later], hint })
  }
}

/** Of the relation that an entry grants something on. */
function subjectKey(planned: PlannedEntry): string | undefined {
  const subject = planned.entry.type === 'ACL' ? subjectOf(planned) : undefined
  return subject === undefined ? undefined : keyOf(subject)
}

/** All or none of them, whoever runs them: the first alone makes the others harmless. */
function inOne(statements: readonly string[]): string {
  return ['BEGIN', ...statements, 'COMMIT'].join(';\n')
}

/** A rule, a view's own among them, with a relation that it names. */
interface Reading extends Relation {
  readonly user: string
  /** Null of a view, which is one itself. */
  readonly rule: string | null
  readonly of: Relation
  /** Whether the restoring role may see more there than the lost owner did. */
  readonly opens: boolean
}

interface Opened {
  readonly table: Relation
  readonly user: string
  /** Of a table; none of a view. */
  readonly rules: readonly string[]
}

/** What reads something that is open is open itself: the restoring role reads through both. */
function opened(readings: readonly Reading[]): ReadonlyMap<string, Opened> {
  const open = new Map<string, Opened>()
  for (let before = -1; before < open.size; ) {
    before = open.size
    for (const reading of readings) {
      if (!reading.opens && !open.has(keyOf(reading.of))) continue
      const { schema, name, user, rule } = reading
      const rules = open.get(keyOf(reading))?.rules ?? []
      const more = rule === null || rules.includes(rule) ? [] : [rule]
      open.set(keyOf(reading), { table: { schema, name }, user, rules: [...rules, ...more] })
    }
  }
  return open
}

/**
 * `$1` to `$3`: those without their owner; `$4` to `$6`: whose each relation of the backup was. What a rule reads is taken from the rule
 * itself, since pg_depend does not tell of the server's own catalogues.
 */
const READS = `
  WITH lost AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) l(schema, name, owner)),
  known AS (SELECT * FROM unnest($4::text[], $5::text[], $6::text[]) k(schema, name, owner)),
  me AS (SELECT oid, rolname, rolsuper OR rolbypassrls AS passes FROM pg_catalog.pg_roles WHERE rolname = current_user)
  SELECT DISTINCT l.schema, l.name, me.rolname::text AS user, CASE WHEN c.relkind NOT IN ('v', 'm') THEN r.rulename::text END AS rule,
         pg_catalog.jsonb_build_object('schema', tn.nspname, 'name', t.relname) AS of,
         NOT CASE WHEN k.owner IS NULL THEN pg_catalog.has_table_privilege('public', t.oid, 'SELECT')
                  ELSE k.owner = l.owner AND t.relowner = me.oid AND NOT (t.relforcerowsecurity AND me.passes) END AS opens
    FROM me CROSS JOIN lost l
    JOIN pg_catalog.pg_namespace n ON n.nspname = l.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = l.name AND c.relowner = me.oid
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.ev_enabled <> 'D'
    CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::text, ':relid (\\d+)', 'g') named(oids)
    JOIN pg_catalog.pg_class t ON t.oid = named.oids[1]::pg_catalog.oid AND t.oid <> c.oid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    LEFT JOIN known k ON k.schema = tn.nspname AND k.name = t.relname
   WHERE NOT (r.rulename = '_RETURN' AND EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) o
                                                  WHERE o.option_name = 'security_invoker' AND o.option_value::boolean))
   ORDER BY l.schema, l.name`

async function readsOf(
  connection: Connection,
  lost: ReadonlyMap<string, Lost>,
  { preData }: RestorePlan,
): Promise<readonly Reading[]> {
  if (lost.size === 0) return []
  const owned = (entries: readonly PlannedEntry[]) => {
    const all = entries.flatMap(planned => {
      const subject = planned.entry.owner === null ? undefined : subjectOf(planned)
      return subject?.kind === 'relation' ? [{ ...subject, owner: planned.entry.owner }] : []
    })
    return [all.map(({ schema }) => schema), all.map(({ name }) => name), all.map(({ owner }) => owner)]
  }
  const makes = preData.filter(({ entry: { type } }) => RELATIONS.has(type) || type === 'SEQUENCE')
  return await connection.query<Reading>(READS, [
    ...owned([...lost.values()].map(({ planned }) => planned)),
    ...owned(makes),
  ])
}
