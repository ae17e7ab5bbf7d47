/**
 * One transaction holds a lock on everything that it drops and creates until it ends. The server has room for so many, of all
 * sessions together: `max_locks_per_transaction` for each backend that there may be (and a tenth more, by chance).
 */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { RestorePlan } from './restore-plan.ts'

/** Backends' settings come in steps that look considered. */
const STEP = 64

export interface LockNeeds {
  readonly tables: number
  readonly needed: number
  /** Of all backends. */
  readonly room: number
  readonly perTransaction: number
  /** What `max_locks_per_transaction` would have to be. */
  readonly wanted: number
}

/** Dropping locks tables, types, constraints and all else one by one; `$1` are the schemas. */
const DROPPED = `
  WITH schemas AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)),
       relations AS (SELECT oid, reltoastrelid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM schemas))
  SELECT ((SELECT count(*) + 2 * count(*) FILTER (WHERE reltoastrelid <> 0) FROM relations)
        + (SELECT count(*) FROM pg_catalog.pg_type WHERE typnamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_constraint WHERE connamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM relations))
        + (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid IN (SELECT oid FROM relations))
        + (SELECT count(*) FROM pg_catalog.pg_rewrite WHERE ev_class IN (SELECT oid FROM relations)))::int AS dropped`

/** Backends as the server counts them when it sets the table up. */
const ROOM = `
  SELECT pg_catalog.current_setting('max_locks_per_transaction')::int AS "perTransaction",
         (SELECT sum(setting::int)::int + 2 FROM pg_catalog.pg_settings
           WHERE name IN ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders')
              OR name = CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'autovacuum_worker_slots')
                             THEN 'autovacuum_worker_slots' ELSE 'autovacuum_max_workers' END) AS backends`

/** Locks that creating takes, by the type of the entry: a table has, as a rule, a TOAST table with its index. */
const CREATED: Readonly<Record<string, number>> = {
  TABLE: 3,
  'MATERIALIZED VIEW': 3,
  SEQUENCE: 1,
  VIEW: 1,
  'FOREIGN TABLE': 1,
  INDEX: 1,
  CONSTRAINT: 1,
}

export async function lockNeeds(connection: Connection, plan: RestorePlan): Promise<LockNeeds> {
  const [target] = await connection.query<{ dropped: number }>(DROPPED, [plan.detail.schemas])
  const [server] = await connection.query<{ perTransaction: number; backends: number }>(ROOM)
  const { perTransaction = 0, backends = 1 } = server ?? {}
  const entries = [...plan.preData, ...plan.postData].map(({ entry }) => entry.type)
  const created = entries.reduce((sum, type) => sum + (CREATED[type] ?? 0), 0)
  const needed = created + (target?.dropped ?? 0)
  return {
    tables: entries.filter(type => type === 'TABLE').length,
    needed,
    room: perTransaction * backends,
    perTransaction,
    wanted: Math.ceil(needed / backends / STEP) * STEP,
  }
}

/** For the plan of an atomic restore. */
export function lockProblems(needs: LockNeeds): Problem[] {
  if (needs.needed <= needs.room) return []
  return [{ severity: 'warning', message: sentence(needs), hint: advice(needs) }]
}

export function lockTableError(needs: LockNeeds, cause: unknown): ComebackError {
  return new ComebackError('server-error', `The server ran out of room for locks. ${sentence(needs)}`, {
    hint: `Nothing was changed. ${advice(needs)}`,
    cause,
  })
}

function sentence({ tables, needed, room, perTransaction }: LockNeeds): string {
  const number = (value: number) => value.toLocaleString('en')
  return `One transaction that restores ${number(tables)} tables over what is there needs about ${number(needed)} locks; with max_locks_per_transaction = ${perTransaction} the server has room for about ${number(room)}, for all sessions together.`
}

function advice({ wanted, perTransaction }: LockNeeds): string {
  const more = Math.max(wanted, perTransaction + STEP)
  return `Use --mode swap, which needs few locks at a time. Or set max_locks_per_transaction to ${more} or more, which takes a restart of the server.`
}
