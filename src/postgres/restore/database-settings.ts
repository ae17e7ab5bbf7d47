/** What the backup's database had besides its contents: applied on request, and named otherwise, since an application may rest on it. */
import type { Problem } from '../../engine/ports.ts'
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn, safeMessage } from '../connection/safe-message.ts'
import { isConnectionLoss } from '../connection/server-error.ts'
import { type PropertyStatement, propertyStatements, readProperties } from '../database-properties.ts'
import type { Choice } from './selection.ts'
import { databaseName } from './target.ts'

/** What a message names one by one. */
const NAMED = 20

/** What the target lacks. A part of a backup, or its rows alone, go into a database that has what it needs. */
export async function missingProperties(
  connection: Connection,
  { plan, isPart, what }: Pick<Choice, 'plan' | 'isPart' | 'what'>,
): Promise<readonly PropertyStatement[]> {
  const { properties } = plan.detail
  if (properties === undefined || isPart || what === 'data') return []
  return propertyStatements(properties, await databaseName(connection), await readProperties(connection))
}

/** Nothing where there is nothing but another owner: that is a matter of who restores where. */
export function propertyProblems(missing: readonly PropertyStatement[]): readonly Problem[] {
  if (missing.every(({ what }) => what === 'owner')) return []
  return [
    {
      severity: 'warning',
      message: `The backup's database has what is no part of its contents, and what the target does not have: ${listed(missing)}.`,
      hint: 'It was not applied. Restore with --database-settings, which does so.',
    },
  ]
}

/** Each by itself: what the role may not do is told, with the statement (without its value) that somebody else can run. */
export async function applyProperties(
  connection: Connection,
  missing: readonly PropertyStatement[],
): Promise<readonly Problem[]> {
  const refused: (PropertyStatement & { readonly why: string })[] = []
  for (const one of missing) {
    try {
      await connection.query(one.sql)
    } catch (error) {
      if (isConnectionLoss(error)) throw error
      const said = databaseErrorIn(error)
      refused.push({ ...one, why: said === undefined ? asComebackError(error).message : safeMessage(said) })
    }
  }
  if (refused.length === 0) return []
  const reasons = [...new Set(refused.map(({ why }) => why))]
  return [
    {
      severity: 'warning',
      message: `Not applied to the database: ${listed(refused)}. The server said: ${reasons.join('; ')}`,
      hint: `Its owner, or a superuser, can run: ${[...new Set(refused.map(({ shown }) => shown))].slice(0, NAMED).join('; ')}`,
    },
  ]
}

function listed(statements: readonly PropertyStatement[]): string {
  const names = [...new Set(statements.map(({ what }) => what))]
  const more = names.length - NAMED
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ')
}
