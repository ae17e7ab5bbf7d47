/** What was noted before a restore is told by its failure, too: it may be the cure. */
import { expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { tellingNoted } from '../../../src/postgres/restore/noted.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp, failure, restore } from '../round-trip.ts'

test('a restore that fails for an extension in another schema tells the cure', async () => {
  await using source = await createDatabase(18)
  await source.query(`CREATE EXTENSION citext; CREATE TABLE t (name public.citext); INSERT INTO t VALUES ('x')`)
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  await target.query('CREATE SCHEMA tools; CREATE EXTENSION citext SCHEMA tools')
  const error = await failure(restore(target.url, backup))
  expect(error.message).toMatch(/^Restoring TABLE public\.t failed: type "public\.citext" does not exist.* \[42704\]/)
  expect(error.hint).toMatch(
    /Noted before it began: Extension citext stands in schema tools on the target, in public in the backup\. .*ALTER EXTENSION "citext" SET SCHEMA "public"\.$/,
  )
})

test('an error says what it said, and the notes after its own hint', () => {
  const error = new ComebackError('permission', 'It may not.', { hint: 'Ask' })
  const noted = Array.from({ length: 7 }, (_, i) => ({ severity: 'warning' as const, message: `Note ${i}.` }))
  expect(tellingNoted(error, noted)).toMatchObject({
    code: 'permission',
    message: 'It may not.',
    hint: 'Ask. Noted before it began: Note 0. Note 1. Note 2. Note 3. Note 4. And 2 more, which --dry-run shows.',
  })
  expect(tellingNoted(error, [])).toBe(error)
  const cancelled = new ComebackError('cancelled', 'Stop.')
  expect(tellingNoted(cancelled, noted)).toBe(cancelled)
})
