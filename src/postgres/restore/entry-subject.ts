/**
 * Which relation an entry is about, by its statements: pg_dump qualifies and quotes every name there, while its header comment
 * puts several names into one field with nothing but spaces between them. Tables, views, sequences and indexes share one
 * namespace, so `tableKey` names each of them.
 */
import type { Relation } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import { tableKey } from './post-data.ts'
import type { PlannedEntry } from './restore-plan.ts'

/** Anything but the inside of a quoted name, which may hold what looks like a keyword. */
const WORDS = '(?:[^"]|"(?:[^"]|"")*")*?'
const ON = `${WORDS} ON (?:ONLY )?`
const pattern = (source: string) => new RegExp(`^${source}`, 's')

export interface Subject extends Relation {
  /** Extended statistics have a namespace of their own. */
  readonly kind: 'relation' | 'statistics'
}

/** Each captures a schema and a name, last of all its captures. */
const ABOUT: readonly RegExp[] = [
  pattern(
    `CREATE (?:OR REPLACE |UNLOGGED |FOREIGN |MATERIALIZED |RECURSIVE )*(?:TABLE|VIEW|SEQUENCE) (?:IF NOT EXISTS )?${QUALIFIED_NAME}`,
  ),
  pattern(`ALTER (?:FOREIGN )?TABLE (?:ONLY )?${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`),
  pattern(`ALTER INDEX ${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`),
  pattern(
    `ALTER (?:FOREIGN TABLE|TABLE|MATERIALIZED VIEW|VIEW|SEQUENCE|INDEX) (?:IF EXISTS )?(?:ONLY )?${QUALIFIED_NAME}`,
  ),
  pattern(`CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME}`),
  pattern(`CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER ${ON}${QUALIFIED_NAME}`),
  pattern(String.raw`CREATE (?:OR REPLACE )?RULE ${NAME} AS\s+ON [A-Z]+ TO ${QUALIFIED_NAME}`),
  pattern(`CREATE POLICY ${NAME} ON ${QUALIFIED_NAME}`),
  pattern(`(?:COMMENT|SECURITY LABEL FOR ${NAME}) ON COLUMN ${NAME}\\.${NAME}\\.`),
  pattern(
    `(?:COMMENT|SECURITY LABEL FOR ${NAME}) ON (?:FOREIGN TABLE|TABLE|MATERIALIZED VIEW|VIEW|SEQUENCE|INDEX) ${QUALIFIED_NAME} IS`,
  ),
  pattern(`COMMENT ON (?:CONSTRAINT|TRIGGER|RULE|POLICY) ${NAME} ON ${QUALIFIED_NAME} IS`),
  pattern(`(?:GRANT|REVOKE) ${ON}(?:TABLE|SEQUENCE) ${QUALIFIED_NAME} (?:TO|FROM)`),
  pattern(`ALTER PUBLICATION ${NAME} ADD TABLE (?:ONLY )?${QUALIFIED_NAME}`),
  pattern(`REFRESH MATERIALIZED VIEW ${QUALIFIED_NAME}`),
]

const STATISTICS = pattern(`(?:CREATE|ALTER|COMMENT ON) STATISTICS ${QUALIFIED_NAME}`)

/** Undefined for what is about no relation: a function, a type, a schema. */
export function subjectOf({ statements }: PlannedEntry): Subject | undefined {
  for (const sql of statements) {
    const statistics = STATISTICS.exec(sql)
    if (statistics !== null) return subject('statistics', relationIn(statistics, 1))
    for (const about of ABOUT) {
      const match = about.exec(sql)
      if (match === null) continue
      const found = subject('relation', relationIn(match, match.length - 2))
      if (found !== undefined) return found
    }
  }
  return undefined
}

const OWNED_BY = pattern(`ALTER SEQUENCE ${QUALIFIED_NAME} OWNED BY ${NAME}\\.${NAME}\\.`)
const IDENTITY = pattern(
  String.raw`ALTER TABLE ${QUALIFIED_NAME} ${WORDS} AS IDENTITY \(\s*SEQUENCE NAME ${QUALIFIED_NAME}`,
)
const INDEX = pattern(`CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME}`)
const KEY = pattern(
  String.raw`ALTER TABLE (?:ONLY )?${QUALIFIED_NAME}\s+ADD CONSTRAINT ${NAME} (?:PRIMARY KEY|UNIQUE|EXCLUDE)`,
)
const ATTACHED = pattern(`ALTER (?:FOREIGN )?TABLE (?:ONLY )?${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`)
const STATISTICS_OF = pattern(`CREATE STATISTICS ${QUALIFIED_NAME} ${WORDS} FROM ${QUALIFIED_NAME}$`)

export interface Membership {
  /** The sequence, index, partition or statistics. */
  readonly part: Subject
  /** The table that it belongs to. */
  readonly of: Subject
}

/** What an entry says of relations that belong to another one. */
export function membershipOf({ entry, statements }: PlannedEntry): Membership | undefined {
  for (const sql of statements) {
    const owned = OWNED_BY.exec(sql)
    if (owned !== null) return membership(relationIn(owned, 1), relationIn(owned, 3))
    const identity = IDENTITY.exec(sql)
    if (identity !== null) return membership(relationIn(identity, 3), relationIn(identity, 1))
    const index = INDEX.exec(sql) ?? KEY.exec(sql)
    if (index !== null) {
      const isIndex = entry.type === 'INDEX'
      const of = relationIn(index, isIndex ? 2 : 1)
      const name = index[isIndex ? 1 : 3]
      return membership(of && name ? { schema: of.schema, name: unquoted(name) } : undefined, of)
    }
    const attached = ATTACHED.exec(sql)
    if (attached !== null) return membership(relationIn(attached, 3), relationIn(attached, 1))
    const statistics = STATISTICS_OF.exec(sql)
    if (statistics !== null) return membership(relationIn(statistics, 1), relationIn(statistics, 3), 'statistics')
  }
  return undefined
}

export function keyOf({ schema, name, kind }: Relation & { readonly kind?: Subject['kind'] }): string {
  return `${kind === 'statistics' ? 'statistics ' : ''}${tableKey(schema, name)}`
}

function membership(
  part: Relation | undefined,
  of: Relation | undefined,
  kind: Subject['kind'] = 'relation',
): Membership | undefined {
  return part === undefined || of === undefined
    ? undefined
    : { part: { ...part, kind }, of: { ...of, kind: 'relation' } }
}

function subject(kind: Subject['kind'], relation: Relation | undefined): Subject | undefined {
  return relation === undefined ? undefined : { ...relation, kind }
}

function relationIn(match: RegExpExecArray, first: number): Relation | undefined {
  const [schema, name] = [match[first], match[first + 1]]
  return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) }
}
