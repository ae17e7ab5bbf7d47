/** What the rows break is told once, with what came of it. */
import { expect, test } from 'vitest'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp } from '../round-trip.ts'

test('a check or a foreign key that the rows break is one finding of a proof', async () => {
  await using source = await createDatabase(18)
  await source.query(`CREATE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int REFERENCES parent, i int CHECK (public.fits(i)), j int CHECK (j > 0));
    INSERT INTO child VALUES (NULL, 9, 1); CREATE DOMAIN small AS int CHECK (public.fits(VALUE)); CREATE TABLE smalls (s small); INSERT INTO smalls VALUES (9);
    CREATE OR REPLACE FUNCTION fits(i int) RETURNS boolean LANGUAGE sql AS 'SELECT i < 5';
    SET session_replication_role = replica; INSERT INTO child VALUES (7, 1, 1)`)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const prover = createDatabaseProver({
    ...{ url: target.url, connectTimeout: 2_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] },
  })
  const { findings } = await prover.prove(
    await backUp(source.url),
    { progress: countProgress() },
    new AbortController().signal,
  )
  expect(findings.map(({ code, subject }) => `${code} ${subject}`).sort()).toEqual([
    'restore-failed CHECK CONSTRAINT public.child child_i_check',
    'restore-failed CHECK CONSTRAINT public.small small_check',
    'restore-failed FK CONSTRAINT public.child child_parent_fkey',
  ])
})
