/** What only the server can say of a database that has just been restored: is all that must hold in force, are its files sound? */
import pg from 'pg'
import type { ProofCheck, ProofFinding } from '../../engine/proof.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'
import { isConnectionLoss } from '../connection/server-error.ts'
import { sqlStateOf } from '../connection/sql-state.ts'
import type { Relation } from '../detail.ts'
import { IS_USER_SCHEMA } from '../dump/tables.ts'
import { displayName } from '../sql-text.ts'
import { constraintKey } from './unvalidated.ts'

/** Findings of one kind that are told one by one. */
const TOLD = 20
const SCHEMA = 'comeback_amcheck'

export interface Health {
  readonly checks: readonly ProofCheck[]
  readonly findings: readonly ProofFinding[]
  /** Entries that pg_dump words otherwise, or leaves out, for one of the findings. */
  readonly explained: ReadonlySet<string>
}

/** `notValid`: keys of the constraints that the backup itself says are not valid; `told`: entries of which the restore has told. */
export async function checkHealth(
  target: ConnectOptions,
  lanes: number,
  notValid: ReadonlySet<string>,
  told: ReadonlySet<string>,
): Promise<Health> {
  await using connection = await connect(target)
  const constraints = await findConstraints(connection, notValid, told)
  const indexes = await findIndexes(connection)
  const files = await checkFiles(connection, target, lanes)
  return {
    checks: [constraints.check, indexes.check, files.check],
    findings: [...constraints.findings, ...indexes.findings, ...files.findings],
    explained: new Set([...constraints.explained, ...indexes.explained]),
  }
}

interface Part {
  readonly check: ProofCheck
  readonly findings: readonly ProofFinding[]
}

type Explaining = Part & { readonly explained: readonly string[] }

async function findConstraints(
  connection: Connection,
  notValid: ReadonlySet<string>,
  told: ReadonlySet<string>,
): Promise<Explaining> {
  const rows = await connection.query<Relation & { constraint: string; valid: boolean }>(`
    SELECT n.nspname AS schema, c.relname AS name, k.conname AS constraint, k.convalidated AS valid
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${IS_USER_SCHEMA} AND k.contype IN ('c', 'f', 'p', 'u', 'x')
       -- Partitions' own follow their root's; since 18 a constraint may be one that nobody enforces.
       AND k.conparentid = 0 AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true)
     ORDER BY 1, 2, 3`)
  const wrong = rows.filter(row => !row.valid && !notValid.has(constraintKey(row, row.constraint)))
  const untold = wrong.filter(row => !entriesOf(row).some(entry => told.has(entry)))
  const findings = untold.map(row => ({
    code: 'constraint-invalid' as const,
    subject: `constraint ${row.constraint} of ${displayName(row)}`,
    message: `The constraint ${row.constraint} of ${displayName(row)} is not validated, and was when it was backed up.`,
  }))
  const { check, ...rest } = part('constraints', findings, `${rows.length.toLocaleString('en')} in force`)
  const isSound = wrong.length === 0
  return { ...rest, check: { ...check, result: isSound ? 'passed' : 'failed' }, explained: wrong.flatMap(entriesOf) }
}

function entriesOf({ schema, name, constraint }: Relation & { readonly constraint: string }): readonly string[] {
  return ['CONSTRAINT', 'FK CONSTRAINT', 'CHECK CONSTRAINT'].map(type => `${type} ${schema}.${name} ${constraint}`)
}

async function findIndexes(connection: Connection): Promise<Explaining> {
  const rows = await connection.query<Relation & { table: string; sound: boolean }>(`
    SELECT n.nspname AS schema, c.relname AS name, t.relname AS table,
           i.indisvalid AND i.indisready AND i.indislive AS sound
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     -- That of a partitioned table is no index, and invalid for as long as a partition has none.
     WHERE c.relkind = 'i' AND ${IS_USER_SCHEMA} ORDER BY 1, 2`)
  const wrong = rows.filter(({ sound }) => !sound)
  const findings = wrong.map(row => ({
    code: 'index-invalid' as const,
    subject: `index ${displayName(row)}`,
    message: `The index ${displayName(row)} is not valid: no query would use it.`,
  }))
  // pg_dump leaves out such an index, and the key that stands on it.
  const explained = wrong.flatMap(({ schema, name, table }) => [
    `INDEX ${schema}.${name}`,
    `COMMENT ${schema}.INDEX ${name}`,
    `CONSTRAINT ${schema}.${table} ${name}`,
  ])
  return { ...part('indexes', findings, `${rows.length.toLocaleString('en')} valid`), explained }
}

/** In the proof's own database, which is dropped: so the extension may stay there. */
async function checkFiles(connection: Connection, target: ConnectOptions, lanes: number): Promise<Part> {
  const notRun = (why: string): Part => ({
    check: { name: 'amcheck', result: 'not-run', detail: why },
    findings: [],
  })
  try {
    const [found] = await connection.query<{ schema: string | null }>(`
      SELECT (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
               WHERE e.extname = 'amcheck') AS schema
        FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'`)
    if (found === undefined) return notRun('the server does not have the extension amcheck')
    if (found.schema === null)
      await connection.query(`CREATE SCHEMA ${SCHEMA}; CREATE EXTENSION amcheck SCHEMA ${SCHEMA}`)
    const schema = pg.escapeIdentifier(found.schema ?? SCHEMA)
    const tasks = await connection.query<Task>(TASKS)
    return await runTasks(tasks, schema, target, lanes)
  } catch (error) {
    if (target.signal.aborted || isConnectionLoss(error)) throw error
    return notRun(`the server refused it (SQLSTATE ${sqlStateOf(error) ?? 'none'})`)
  }
}

interface Task extends Relation {
  readonly oid: string
  readonly kind: 'index' | 'table'
}

const TASKS = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'i' THEN 'index' ELSE 'table' END AS kind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid JOIN pg_catalog.pg_am a ON a.oid = c.relam
   WHERE ${IS_USER_SCHEMA} AND c.relpersistence = 'p'
     AND (c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid OR c.relkind IN ('r', 'm') AND a.amname = 'heap')
   ORDER BY pg_catalog.pg_relation_size(c.oid) DESC`

async function runTasks(tasks: readonly Task[], schema: string, target: ConnectOptions, lanes: number): Promise<Part> {
  const queue = [...tasks]
  const findings: ProofFinding[] = []
  const refused = new Map<Task, string>()
  const lane = async () => {
    await using connection = await connect(target)
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      try {
        const finding = await runTask(connection, task, schema)
        if (finding !== undefined) findings.push(finding)
      } catch (error) {
        if (target.signal.aborted || isConnectionLoss(error)) throw error
        refused.set(task, sqlStateOf(error))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, Math.max(1, tasks.length)) }, lane))
  const checked = tasks.filter(task => !refused.has(task))
  const count = (kind: Task['kind']) => checked.filter(task => task.kind === kind).length.toLocaleString('en')
  const detail = `${count('table')} tables and ${count('index')} B-tree indexes`
  const [state] = refused.values()
  if (state === undefined) return part('amcheck', findings, detail)
  const why = `the server refused ${refused.size.toLocaleString('en')} of ${tasks.length.toLocaleString('en')} (SQLSTATE ${state})`
  if (findings.length > 0) return part('amcheck', findings, `${detail}; ${why}`)
  // A part is no whole: it never passes for one.
  return { check: { name: 'amcheck', result: 'not-run', detail: `${detail}; ${why}` }, findings: [] }
}

/**
 * Messages of amcheck tell of blocks and offsets; what it says of values goes into their details, which are left out. Throws what
 * says nothing of damage: a right that the role lacks, an error of a function that an index calls.
 */
async function runTask(connection: Connection, task: Task, schema: string): Promise<ProofFinding | undefined> {
  const name = displayName(task)
  try {
    if (task.kind === 'table') {
      const [row] = await connection.query<{ count: number; message: string | null }>(
        `SELECT count(*)::int AS count, min(msg) AS message FROM ${schema}.verify_heapam($1::oid::regclass)`,
        [task.oid],
      )
      if (row === undefined || row.count === 0) return undefined
      const message = `amcheck finds ${row.count} faults in the table ${name}: ${row.message ?? ''}.`
      return { code: 'table-corrupt', subject: name, message }
    }
    await connection.query(`SELECT ${schema}.bt_index_check($1::oid::regclass)`, [task.oid])
    return undefined
  } catch (error) {
    const state = sqlStateOf(error)
    // index_corrupted, data_corrupted.
    if (state !== 'XX002' && state !== 'XX001') throw error
    const said = databaseErrorIn(error)
    const message = said === undefined ? String(error) : safeMessage(said, new Set([name, ...name.split('.')]))
    const code = task.kind === 'table' ? 'table-corrupt' : 'index-corrupt'
    return {
      code,
      subject: `${task.kind} ${name}`,
      message: `amcheck finds the ${task.kind} ${name} damaged: ${message}.`,
    }
  }
}

function part(name: ProofCheck['name'], findings: readonly ProofFinding[], detail: string): Part {
  const told = findings.slice(0, TOLD)
  const [first] = findings
  const more = findings.length - told.length
  const rest =
    first === undefined || more <= 0
      ? []
      : [{ code: first.code, subject: name, message: `${more.toLocaleString('en')} more like these.` }]
  return { check: { name, result: findings.length === 0 ? 'passed' : 'failed', detail }, findings: [...told, ...rest] }
}
