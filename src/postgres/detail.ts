/**
 * What the database Source writes into the index for the Sink: the `detail` of each segment and of the whole backup.
 * Parsed on the way in, since an index may be years older than the program that reads it.
 */
import * as v from 'valibot'

const relation = v.object({ schema: v.string(), name: v.string() })
export type Relation = v.InferOutput<typeof relation>

const page = v.pipe(v.number(), v.integer(), v.minValue(0))

/** One of pg_dump's entries, as a place in the segment's bytes. */
const schemaEntry = v.object({
  /** pg_dump's word: `TABLE`, `FK CONSTRAINT`, `ACL` … */
  type: v.string(),
  schema: v.nullable(v.string()),
  name: v.string(),
  owner: v.nullable(v.string()),
  /** Bytes into the segment, header comment included. */
  offset: page,
  length: page,
  /** Settings (`default_tablespace`, `default_table_access_method`) in force for the entry where they are not the default. */
  settings: v.record(v.string(), v.string()),
})
export type SchemaEntry = v.InferOutput<typeof schemaEntry>

const schemaDetail = v.object({
  kind: v.literal('schema'),
  section: v.picklist(['pre-data', 'post-data']),
  entries: v.array(schemaEntry),
})

/** COPY text of one table or of a range of its pages, between a `COPY … FROM stdin;` line and `\.`. */
const rowsDetail = v.object({
  kind: v.literal('rows'),
  /** The table read. */
  table: relation,
  /** The table to load: another one only where rows must go through the partition root. */
  into: relation,
  columns: v.array(v.string()),
  /** Bytes of SQL before and after the COPY data proper. */
  head: page,
  tail: page,
  /** Heap pages [from, to); `to` is null for the last range, both bounds for a table read whole are 0 and null. */
  from: page,
  to: v.nullable(page),
  /** `own`: all of the table's rows, it can be truncated first. `added`: they join rows that are there already (extensions' tables). */
  rows: v.picklist(['own', 'added']),
})

/** Complete SQL statements, each on a line of its own. */
const scriptDetail = v.object({ kind: v.literal('script'), content: v.picklist(['sequences', 'large-objects']) })

const segmentDetail = v.variant('kind', [schemaDetail, rowsDetail, scriptDetail])
export type SegmentDetail = v.InferOutput<typeof segmentDetail>
export type SchemaDetail = v.InferOutput<typeof schemaDetail>
export type RowsDetail = v.InferOutput<typeof rowsDetail>
export type ScriptDetail = v.InferOutput<typeof scriptDetail>

/** By what the database sorts text, where that may be something else than libc: on servers from 15 on. */
const databaseLocale = v.object({
  provider: v.picklist(['libc', 'icu', 'builtin']),
  /** Of ICU and the built-in provider; libc's names are `collate` and `ctype`. */
  name: v.nullable(v.string()),
  /** ICU's further rules. */
  rules: v.nullable(v.string()),
  /** Of the library, as it was when the database was made. */
  version: v.nullable(v.string()),
})
export type DatabaseLocale = v.InferOutput<typeof databaseLocale>

/** What a database has besides its contents. */
const databaseProperties = v.object({
  owner: v.string(),
  /** Of one role in the database, or, where that is null, of every session. */
  settings: v.array(v.object({ role: v.nullable(v.string()), name: v.string(), value: v.string() })),
  /** Null where nobody has granted or revoked anything; a role that is null is PUBLIC. */
  grants: v.nullable(
    v.array(v.object({ role: v.nullable(v.string()), privilege: v.string(), grantable: v.boolean() })),
  ),
  comment: v.nullable(v.string()),
  /** -1 for none. */
  connectionLimit: v.pipe(v.number(), v.integer()),
})
export type DatabaseProperties = v.InferOutput<typeof databaseProperties>

const databaseDetail = v.object({
  kind: v.literal('database'),
  /** `server_version_num`, 180004 for 18.4. */
  serverVersion: page,
  /** It and the two locales are empty in what was read from a dump, which does not tell. */
  database: v.string(),
  encoding: v.string(),
  collate: v.string(),
  ctype: v.string(),
  /** Older backups do not tell, nor do servers that know libc alone. */
  locale: v.exactOptional(databaseLocale),
  /** Older backups do not tell. */
  properties: v.exactOptional(databaseProperties),
  /** Under which its text was written, where another setting would read it as something else; absent in older backups. */
  settings: v.exactOptional(v.record(v.string(), v.string())),
  schemaOnly: v.boolean(),
  /** Tables whose rows were left out on request, or could not be read on a standby. */
  excludedData: v.array(relation),
  extensions: v.array(v.object({ name: v.string(), version: v.string(), schema: v.string() })),
  /** The schemas that hold what is backed up, `public` among them. */
  schemas: v.array(v.string()),
  /** `search_path` of a new session of whoever made the backup; older backups do not tell. */
  searchPath: v.exactOptional(v.string()),
  /** Rows by segment name. */
  rows: v.record(v.string(), page),
  /** Roles that may do anything; absent in older backups and dumps. */
  superusers: v.exactOptional(v.array(v.string())),
  /** All columns of the tables that inherit, in their order, which pg_dump's text does not tell; absent in older backups and dumps. */
  columnOrder: v.exactOptional(v.array(v.object({ ...relation.entries, columns: v.array(v.string()) }))),
  /** What wrote the schema: `pg_dump 18.3 (bundled)`. */
  pgDump: v.string(),
})
export type DatabaseDetail = v.InferOutput<typeof databaseDetail>

/** Whether it was read from a dump, in which pg_dump chose the words. */
export function isImported({ database }: DatabaseDetail): boolean {
  return database === ''
}

export function parseSegmentDetail(detail: unknown): SegmentDetail {
  return v.parse(segmentDetail, detail)
}

/** What of the names in it can be read: where it is damaged, the restore says so. */
export function namesOfSegment(detail: unknown): readonly string[] {
  const parsed = v.safeParse(segmentDetail, detail)
  if (!parsed.success || parsed.output.kind === 'script') return []
  if (parsed.output.kind === 'rows') {
    const { table, into } = parsed.output
    return [table.schema, table.name, into.schema, into.name]
  }
  // That of an entry may be several with blanks between them: `orders orders_customer_fkey`.
  return parsed.output.entries.flatMap(({ schema, name, owner }) => [
    ...(schema === null ? [] : [schema]),
    ...(owner === null ? [] : [owner]),
    name,
    ...name.split(' '),
  ])
}

/** Under which the text was written; a detail that cannot be read is refused where the restore is planned. */
export function writtenUnder(detail: unknown): Readonly<Record<string, string>> {
  const parsed = v.safeParse(databaseDetail, detail)
  return parsed.success ? (parsed.output.settings ?? {}) : {}
}

export function parseDatabaseDetail(detail: unknown): DatabaseDetail {
  return v.parse(databaseDetail, detail)
}
