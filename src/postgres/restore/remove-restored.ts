/**
 * After a parallel restore failed: the target was empty when it began, and is made so again. Only what the backup names is
 * dropped, in case somebody else has begun to use the database meanwhile. Each batch is a transaction of its own, so that
 * no number of tables is too large.
 */
import pg from 'pg'
import type { Connection } from '../connection/connection.ts'
import { unmarkHalfFilled } from './half-filled.ts'
import type { RestorePlan } from './restore-plan.ts'
import { openForClearingUp, type TargetOptions } from './restore-sessions.ts'
import type { Rights } from './rights.ts'
import { inspectTarget } from './target.ts'
import type { TargetFacts } from './target-facts.ts'
import { type DatabaseObject, dropOf, madeBy, objectsIn, objectsOutside } from './target-objects.ts'
import { drop, rightsOf } from './target-reset.ts'

/** What is known of a target before a restore, so that what it held can be told from what the restore made. */
export interface Before {
  /** Keys of its objects. */
  readonly objects: ReadonlySet<string>
  /** Statements that make its rights again. */
  readonly rights: Rights['again']
}

export async function lookBefore(connection: Connection, { detail }: RestorePlan): Promise<Before> {
  const objects = [...(await objectsIn(connection, detail.schemas)), ...(await objectsOutside(connection))]
  const { again } = await rightsOf(connection, detail, detail.schemas)
  return { objects: new Set(objects.map(({ key }) => key)), rights: again }
}

/** `facts` are those from before the restore. Returns whether the target is empty again. */
export async function removeRestored(
  target: TargetOptions,
  plan: RestorePlan,
  facts: TargetFacts,
  before: Before,
  roles: readonly string[] = [],
): Promise<boolean> {
  await using connection = await openForClearingUp(target)
  const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry)
  await removeSubscriptions(connection, facts.subscriptions)
  const isMeant = madeBy(entries)
  const isNew = (object: DatabaseObject) => !before.objects.has(object.key) && isMeant(object)
  for (const objects of [await objectsOutside(connection), await objectsIn(connection, plan.detail.schemas)]) {
    await drop(connection, objects.filter(isNew).map(dropOf))
  }
  await drop(connection, [
    ...plan.detail.extensions
      .filter(({ name }) => !facts.extensions.has(name))
      .map(({ name }) => `DROP EXTENSION IF EXISTS ${pg.escapeIdentifier(name)}`),
    ...plan.detail.schemas
      .filter(name => !facts.schemas.has(name))
      .map(name => `DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(name)}`),
  ])
  if (plan.largeObjects.length > 0) {
    // There was none before: an empty target holds none.
    await connection.query(
      'SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE pg_catalog.pg_has_role(lomowner, $1)',
      ['USAGE'],
    )
  }
  const { reset } = await rightsOf(connection, plan.detail, plan.detail.schemas)
  await drop(connection, [...reset, ...before.rights])
  await removeRoles(connection, roles)
  const isEmpty = (await inspectTarget(connection)) === undefined
  if (isEmpty) await unmarkHalfFilled(connection)
  return isEmpty
}

/** Those that a restore made, as far as it came, with the grants that they were given in this database. */
export async function removeRoles(connection: Connection, roles: readonly string[]): Promise<void> {
  const made = await connection.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = ANY($1)',
    [roles],
  )
  await drop(
    connection,
    made.map(({ name }) => pg.escapeIdentifier(name)).flatMap(role => [`DROP OWNED BY ${role}`, `DROP ROLE ${role}`]),
  )
}

/** Without a word to the server that they subscribe to: their slots there are not ours to drop. */
export async function removeSubscriptions(connection: Connection, staying: ReadonlySet<string>): Promise<void> {
  const rows = await connection.query<{ name: string }>(
    `SELECT subname::text AS name FROM pg_catalog.pg_subscription
      WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  )
  for (const { name } of rows.filter(row => !staying.has(row.name))) {
    const subscription = `SUBSCRIPTION ${pg.escapeIdentifier(name)}`
    await drop(connection, [
      `ALTER ${subscription} DISABLE`,
      `ALTER ${subscription} SET (slot_name = NONE)`,
      `DROP ${subscription}`,
    ])
  }
}
