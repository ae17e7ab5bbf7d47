/** One object that cannot be made again: its rows come back, it is listed with what makes it later, and that works. */
import { describe, expect, test } from 'vitest'
import type { SinkResult } from '../../../src/engine/ports.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore } from '../round-trip.ts'

interface Case {
  readonly name: string
  readonly sql: string
  /** Entry and outcome. */
  readonly unmade: readonly string[]
  /** Lets what is to be made later be made. */
  readonly cure?: string
}

const CASES: readonly Case[] = [
  {
    name: 'a foreign key with orphans',
    sql: `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 10);
      CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child SELECT i, i FROM generate_series(1, 10) i;
      SET session_replication_role = replica; DELETE FROM parent WHERE id = 7`,
    unmade: ['FK CONSTRAINT public.child child_parent_fkey: not-valid'],
    cure: 'INSERT INTO parent VALUES (7)',
  },
  {
    name: 'duplicates under a unique index',
    sql: `CREATE TABLE users (id int PRIMARY KEY, email text); INSERT INTO users VALUES (1, 'a@x'), (2, 'b@x'), (3, 'a@x');
      CREATE INDEX users_email ON users (email); COMMENT ON INDEX users_email IS 'one each';
      UPDATE pg_index SET indisunique = true WHERE indexrelid = 'users_email'::regclass`,
    unmade: ['INDEX public.users_email: left-out', 'COMMENT public.INDEX users_email: left-out'],
    cure: 'DELETE FROM users WHERE id = 3',
  },
]

const WAYS = ['parallel', 'atomic', 'swap'] as const

function said({ unmade = [] }: SinkResult): readonly string[] {
  return unmade.map(({ entry, outcome }) => `${entry}: ${outcome}`)
}

async function into(target: TestDatabase, source: TestDatabase, way: (typeof WAYS)[number]): Promise<SinkResult> {
  if (way !== 'parallel') await target.query('CREATE TABLE before (i int)')
  return await restore(target.url, await backUp(source.url), { mode: way, tolerate: way === 'atomic' })
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  describe.each(CASES)('$name', ({ sql, unmade, cure }) => {
    test.each(WAYS)('is no reason to lose the rows: %s', async way => {
      await using source = await createDatabase(major)
      await source.query(sql)
      await using target = await createDatabase(major)
      const result = await into(target, source, way)
      expect(said(result)).toEqual(unmade)
      const { rows } = await fingerprint(source.url)
      expect((await fingerprint(target.url)).rows).toEqual(rows)
      if (cure !== undefined) {
        await target.query(cure)
        for (const statement of (result.unmade ?? []).flatMap(({ later }) => later)) await target.query(statement)
      }
    })

    test('without --tolerate ends an atomic restore, which names it', async () => {
      await using source = await createDatabase(major)
      await source.query(sql)
      await using target = await createDatabase(major)
      await target.query('CREATE TABLE before (i int)')
      const error = await failure(restore(target.url, await backUp(source.url), { mode: 'atomic' }))
      expect(error.hint).toContain('--tolerate')
      expect(await target.query('SELECT count(*)::int AS n FROM before')).toEqual([{ n: 0 }])
    })
  })
})
