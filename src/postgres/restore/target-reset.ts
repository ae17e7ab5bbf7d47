/**
 * Empties a target, inside the transaction that restores it. What goes is what the backup will put there again: the schemas
 * that it holds, objects outside of schemas by name, large objects. Extensions that the backup has too stay, since an ordinary
 * role may not be able to create them again. Schema `public` is emptied, not dropped: its owner and its initial
 * privileges, against which pg_dump compares, stay with it.
 */
import pg from 'pg'
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import type { DatabaseDetail, SchemaEntry } from '../detail.ts'
import { runBatch } from './batch.ts'
import { emptyConfiguration } from './configuration-rows.ts'
import { defaultPrivileges, type Rights, schemaRights } from './rights.ts'
import type { TargetFacts } from './target-facts.ts'
import { type DatabaseObject, dropOf, madeBy, objectsIn, objectsOutside } from './target-objects.ts'
import { DEPENDENTS_OUTSIDE, STAYING_SCHEMAS, UNLINK_LARGE_OBJECTS } from './target-queries.ts'

const BATCH = 64
/** Objects outside that a warning names. */
const EXAMPLES = 10

export interface ResetOutcome {
  readonly problems: readonly Problem[]
  /** Statements that put back, once the rows are there, what was set aside of extensions' tables. */
  readonly aside: readonly string[]
}

/** Throws, naming the object, if the restoring role may not drop something and `dropAll` doesn't see to it. */
export async function resetTarget(
  connection: Connection,
  detail: DatabaseDetail,
  entries: readonly SchemaEntry[],
  facts: TargetFacts,
  dropAll: typeof drop = drop,
): Promise<ResetOutcome> {
  const schemas = detail.schemas.filter(schema => facts.schemas.has(schema))
  const outside = await connection.query<{ name: string }>(DEPENDENTS_OUTSIDE, [schemas])
  const doomed = doomedExtensions(detail, facts)
  const isMeant = madeBy(entries)
  await dropAll(connection, (await objectsOutside(connection)).filter(one => one.droppable && isMeant(one)).map(dropOf))

  const held = await connection.query<{ schema: string }>(STAYING_SCHEMAS)
  const staying = new Set(['public', ...held.map(row => row.schema)])
  const emptied = schemas.filter(schema => staying.has(schema) || facts.schemas.get(schema)?.ours === false)
  const dropped = schemas.filter(schema => !emptied.includes(schema))
  await dropAll(
    connection,
    dropped.map(schema => `DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`),
  )
  const kept = await emptySchemas(connection, emptied, dropAll)
  // After what uses them: dropping ltree itself fails on PostgreSQL 14 while an index with options of its operator class stands.
  await dropAll(
    connection,
    doomed.map(name => `DROP EXTENSION IF EXISTS ${pg.escapeIdentifier(name)} CASCADE`),
  )
  await dropAll(connection, (await rightsOf(connection, detail, emptied)).reset)
  const aside = await emptyConfiguration(connection, keptExtensions(detail, facts), dropAll)
  if (!detail.schemaOnly) await dropAll(connection, [UNLINK_LARGE_OBJECTS])
  return {
    problems: [...resetProblems(detail, facts, outside), ...keptProblems(kept.filter(one => !isMeant(one)))],
    aside,
  }
}

/** What the backup's grants are not meant to be added to: default privileges, and the rights of schemas that stay. */
export async function rightsOf(
  connection: Connection,
  detail: DatabaseDetail,
  schemas: readonly string[],
): Promise<Rights> {
  const defaults = await defaultPrivileges(connection, { schemas, everywhere: true, mine: false })
  const own = await schemaRights(connection, schemas, !expectsClosedPublic(detail))
  return { reset: [...defaults.reset, ...own.reset], again: [...own.again, ...defaults.again] }
}

/**
 * Schema `public` before PostgreSQL 15 lets everybody create in it. pg_dump since 15 doesn't mention the privilege where the
 * source has revoked it: it takes that for granted, and so must be given it, or the copy is more open than the source.
 */
export function expectsClosedPublic({ pgDump }: DatabaseDetail): boolean {
  return Number(/pg_dump (\d+)/.exec(pgDump)?.[1] ?? 18) >= 15
}

/** Drops the objects of people in the schemas, which stay. Returns those that the restoring role may not drop. */
export async function emptySchemas(
  connection: Connection,
  schemas: readonly string[],
  dropAll: typeof drop = drop,
): Promise<DatabaseObject[]> {
  const objects = await objectsIn(connection, schemas)
  await dropAll(connection, objects.filter(({ droppable }) => droppable).map(dropOf))
  return objects.filter(({ droppable }) => !droppable)
}

/** Of others, and not in the backup. What is in both is told where the backup's own is left out. */
export function keptProblems(kept: readonly DatabaseObject[]): Problem[] {
  if (kept.length === 0) return []
  const names = kept.map(({ type, identity, owner }) => `${type} ${identity} (${owner})`)
  const more = names.length > EXAMPLES ? ` and ${names.length - EXAMPLES} more` : ''
  return [
    {
      severity: 'warning',
      message: `What others own in the schemas that are replaced, and the backup doesn't hold, stays: ${names.slice(0, EXAMPLES).join(', ')}${more}.`,
      hint: 'To have it replaced too, restore as the role that owns it.',
      entries: names,
    },
  ]
}

/** An extension goes if it stands in a schema that is replaced, and the backup doesn't have it right there. */
export function doomedExtensions(detail: DatabaseDetail, facts: TargetFacts): string[] {
  return [...facts.extensions].flatMap(([name, { schema, ours }]) => {
    if (name === 'plpgsql' || !ours) return []
    const stored = detail.extensions.find(extension => extension.name === name)
    if (stored === undefined) return detail.schemas.includes(schema) ? [name] : []
    return stored.schema === schema ? [] : [name]
  })
}

export function keptExtensions(detail: DatabaseDetail, facts: TargetFacts): string[] {
  return detail.extensions.flatMap(({ name, schema }) => {
    const installed = facts.extensions.get(name)
    return installed?.ours && installed.schema === schema ? [name] : []
  })
}

export async function drop(connection: Connection, statements: readonly string[]): Promise<void> {
  for (let first = 0; first < statements.length; first += BATCH) {
    const batch = statements.slice(first, first + BATCH)
    const failure = await runBatch(connection, batch)
    if (failure === undefined) continue
    const told = serverError(failure.error, `Emptying ${connection.description}`, batch[failure.index])
    throw new ComebackError(told.code, `${told.message} The statement: ${batch[failure.index] ?? ''}`, {
      hint:
        told.code === 'permission'
          ? 'The restoring role must own what is replaced. Use the owner’s role, or restore into an empty database.'
          : (told.hint ?? 'Nothing was changed.'),
      cause: failure.error,
    })
  }
}

export function resetProblems(
  detail: DatabaseDetail,
  facts: TargetFacts,
  outside: readonly { name: string }[],
): Problem[] {
  const others = [...facts.schemas].filter(([name, { ours }]) => ours && !detail.schemas.includes(name))
  const found: Problem[] = []
  if (others.length > 0) {
    found.push({
      severity: 'warning',
      message: `Schemas that the backup doesn't hold stay as they are: ${others.map(([name]) => name).join(', ')}.`,
    })
  }
  if (outside.length > 0) {
    const names = outside.slice(0, EXAMPLES).map(row => row.name)
    found.push({
      severity: 'warning',
      message: `Dropped with what they depended on, and not part of the backup: ${names.join(', ')}${outside.length > EXAMPLES ? ` and ${outside.length - EXAMPLES} more` : ''}.`,
    })
  }
  return found
}
