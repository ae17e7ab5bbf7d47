/** What was noted before a restore is told by its failure, too: it may be the cure. */
import { expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { tellingNoted } from '../../../src/postgres/restore/noted.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp, restore } from '../round-trip.ts'

test('a table that is left out for an extension in another schema has the cure beside it', async () => {
  await using source = await createDatabase(18)
  await source.query(`CREATE EXTENSION citext; CREATE TABLE t (name public.citext); INSERT INTO t VALUES ('x')`)
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  await target.query('CREATE SCHEMA tools; CREATE EXTENSION citext SCHEMA tools')
  const { problems, unmade } = await restore(target.url, backup, { tolerate: true })
  expect(unmade).toMatchObject([
    { entry: 'TABLE public.t', reason: expect.stringMatching(/^type "public\.citext" does not exist.* \[42704\]/) },
    { entry: 'ROWS of public.t' },
  ])
  expect(problems).toContainEqual(
    expect.objectContaining({
      message: 'Extension citext stands in schema tools on the target, in public in the backup.',
      hint: 'If a table is left out for it: ALTER EXTENSION "citext" SET SCHEMA "public", and restore again',
    }),
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
