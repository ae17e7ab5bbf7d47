/** What a swap would do, and what it would meet: nothing is lost by it, but much can be in its way. */
import type { Problem, StoredBackup } from '../../../engine/ports.ts'
import type { Connection } from '../../connection/connection.ts'
import type { TargetOptions } from '../restore-sessions.ts'
import type { TargetFacts } from '../target-facts.ts'
import { staysBehind } from './create-beside.ts'
import { keptName } from './database-names.ts'
import { adviceOn } from './exchange-names.ts'
import { findMaintenance } from './maintenance.ts'
import { leftoverProblems, readOldDatabase, refuseSwap } from './old-database.ts'
import { describeSessions, sessionsOf } from './sessions.ts'

export interface SwapPreview {
  /** The name that the old database will have. */
  readonly kept: string
  readonly problems: readonly Problem[]
}

/** Throws what the restore would be refused for, but for sessions, which come and go: they are only told. */
export async function previewSwap(
  connection: Connection,
  target: TargetOptions,
  { id }: StoredBackup,
  endSessions: boolean,
): Promise<SwapPreview> {
  const old = await readOldDatabase(connection)
  refuseSwap(old, target.url)
  await findMaintenance(connection, target, [old.name])
  const sessions = await sessionsOf(connection, [old.name])
  const disturbing = endSessions ? sessions.filter(({ mayEnd }) => !mayEnd) : sessions
  return {
    kept: keptName(old.name, id, new Set(old.databases)),
    problems: [
      ...(disturbing.length === 0
        ? []
        : [
            {
              severity: 'warning' as const,
              message: `${describeSessions(disturbing, old.name)} While anybody is connected, the restore is refused.`,
              hint: adviceOn(disturbing.some(({ mayEnd }) => !mayEnd)),
            },
          ]),
      ...leftoverProblems(old),
      ...staysBehind(old),
    ],
  }
}

/** What is true of the new database, as far as it differs from the old one. */
export function freshFacts(facts: TargetFacts): TargetFacts {
  // Since 15, schema public of a new database belongs to whoever owns the database.
  const ours = facts.superuser || facts.version >= 150_000
  const plpgsql = facts.extensions.get('plpgsql')
  return {
    ...facts,
    schemas: new Map([['public', { owner: facts.version >= 150_000 ? 'pg_database_owner' : 'postgres', ours }]]),
    extensions: new Map(plpgsql === undefined ? [] : [['plpgsql', { ...plpgsql, ours: facts.superuser }]]),
    subscriptions: new Set(),
    servers: new Set(),
  }
}
