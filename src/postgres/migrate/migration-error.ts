/** The error that made a migration fail, fit for a report. */
import type { MigrationError } from '../../engine/migration.ts'
import type { Connection } from '../connection/connection.ts'
import { quotedWords, safeMessage } from '../connection/safe-message.ts'
import type { RefusedStatement } from './statement-log.ts'
import { identifiersOf, withoutLiterals } from './statement-text.ts'

/** Bytes that an identifier of the catalogue has at most. */
const NAME_LIMIT = 63

/** A word in the message stays if the statement, the error or the catalogue of the database knows it as a name. */
export async function migrationError(
  refused: RefusedStatement | undefined,
  connection: Connection,
): Promise<MigrationError | undefined> {
  if (refused === undefined) return undefined
  const { fields } = refused
  const sql = refused.sql ?? Buffer.alloc(0)
  const names = new Set([...identifiersOf(sql), ...(await knownNames(quotedWords(fields), connection))])
  const statement = withoutLiterals(sql)
  return {
    code: fields.code ?? '',
    message: safeMessage(fields, names),
    ...(statement === '' ? {} : { statement }),
  }
}

async function knownNames(words: readonly string[], connection: Connection): Promise<readonly string[]> {
  const asked = words.filter(word => word !== '' && Buffer.byteLength(word) <= NAME_LIMIT)
  if (asked.length === 0) return []
  const found = await connection.query<{ word: string }>(
    `SELECT word FROM pg_catalog.unnest($1::text[]) AS asked(word)
      WHERE EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = word)
         OR EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname = word)
         OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = word)
         OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typname = word)
         OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = word)`,
    [[...asked]],
  )
  return found.map(({ word }) => word)
}
