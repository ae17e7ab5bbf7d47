import { describe, expect, test } from 'vitest'
import { createEntryFilter } from '../../../src/postgres/restore/entry-filter.ts'
import type { TargetFacts } from '../../../src/postgres/restore/target-facts.ts'

const FACTS: TargetFacts = {
  version: 180004,
  encoding: 'UTF8',
  collate: 'C',
  ctype: 'C',
  locale: null,
  currentUser: 'me',
  superuser: false,
  createRole: false,
  roles: new Map([
    ['me', true],
    ['team', true],
    ['Odd "Role"', true],
    ['admin', false],
  ]),
  extensions: new Map([['theirs', { schema: 'public', version: '1', ours: false }]]),
  available: new Set(),
  tablespaces: new Set(['pg_default', 'fast']),
  schemas: new Map([
    ['public', { owner: 'admin', ours: false }],
    ['here', { owner: 'me', ours: true }],
  ]),
  subscriptions: new Set(['sub']),
  servers: new Set(),
  creators: new Map(),
}

const adapt = (...statements: string[]) => {
  const filter = createEntryFilter(FACTS)
  const entry = { type: 'ACL', schema: null, name: 'x', owner: null, offset: 0, length: 0, settings: {} }
  return { kept: filter.adapt({ entry, statements }), problems: filter.problems().map(problem => problem.message) }
}

const TOUCHED: readonly (readonly [string, string | undefined])[] = [
  ['ALTER TABLE public.t OWNER TO me', 'ALTER TABLE public.t OWNER TO me'],
  ['ALTER TABLE public.t OWNER TO "Odd ""Role"""', 'ALTER TABLE public.t OWNER TO "Odd ""Role"""'],
  ['ALTER TABLE public.t OWNER TO nobody', undefined],
  ['ALTER FUNCTION public.f(a integer, b text) OWNER TO admin', undefined],
  ['GRANT SELECT ON TABLE public.t TO admin', 'GRANT SELECT ON TABLE public.t TO admin'],
  ['GRANT SELECT(a) ON TABLE public.t TO nobody WITH GRANT OPTION', undefined],
  ['GRANT ALL ON TABLE public.t TO PUBLIC', 'GRANT ALL ON TABLE public.t TO PUBLIC'],
  ['REVOKE ALL ON FUNCTION public.f() FROM "no one"', undefined],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE me IN SCHEMA x GRANT SELECT ON TABLES TO nobody', undefined],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE admin GRANT SELECT ON TABLES TO team', undefined],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE me GRANT SELECT ON TABLES TO team',
    'ALTER DEFAULT PRIVILEGES FOR ROLE me GRANT SELECT ON TABLES TO team',
  ],
  ['CREATE USER MAPPING FOR nobody SERVER s', undefined],
  ['CREATE USER MAPPING FOR PUBLIC SERVER s', 'CREATE USER MAPPING FOR PUBLIC SERVER s'],
  ['CREATE POLICY p ON public.t TO nobody USING (true)', undefined],
  [
    'CREATE POLICY p ON "S"."T" AS RESTRICTIVE FOR SELECT TO nobody, team, "x y" USING ((a = \'TO nobody\'::text))',
    'CREATE POLICY p ON "S"."T" AS RESTRICTIVE FOR SELECT TO team USING ((a = \'TO nobody\'::text))',
  ],
  ['CREATE POLICY p ON public.t USING (true)', 'CREATE POLICY p ON public.t USING (true)'],
  ['CREATE SCHEMA here', undefined],
  ['CREATE SCHEMA there', 'CREATE SCHEMA there'],
  ['ALTER SCHEMA public OWNER TO me', undefined],
  ['GRANT USAGE ON SCHEMA public TO team', undefined],
  ['GRANT USAGE ON SCHEMA here TO team', 'GRANT USAGE ON SCHEMA here TO team'],
  ["COMMENT ON EXTENSION theirs IS 'x'", undefined],
  ["COMMENT ON EXTENSION ours IS 'x'", "COMMENT ON EXTENSION ours IS 'x'"],
  ["COMMENT ON TABLE t IS 'ALTER TABLE x OWNER TO nobody'", "COMMENT ON TABLE t IS 'ALTER TABLE x OWNER TO nobody'"],
]

test.each(TOUCHED)('%s', (sql, expected) => {
  expect(adapt(sql).kept).toEqual(expected === undefined ? [] : [expected])
})

test('a role that does not exist is told once, with what was left out for it', () => {
  const { problems } = adapt(
    'ALTER TABLE a OWNER TO nobody',
    'ALTER TABLE b OWNER TO nobody',
    'GRANT SELECT ON TABLE a TO nobody',
    'CREATE POLICY p ON a TO nobody',
  )
  expect(problems).toEqual([
    'Role nobody does not exist on the target. Left out: 2 owners (ACL x), 1 grant (ACL x), 1 policy (ACL x).',
  ])
})

describe('grants that another role has made', () => {
  const granted = (by: string) =>
    adapt(`SET SESSION AUTHORIZATION ${by}`, 'GRANT SELECT ON TABLE t TO team', 'RESET SESSION AUTHORIZATION')

  test('are made by the restoring role if it is no superuser', () => {
    expect(granted('team').kept).toEqual(['GRANT SELECT ON TABLE t TO team'])
    expect(granted('team').problems).toEqual(['Grants made by team were made by me instead.'])
  })

  test('are left out if the role does not exist', () => {
    expect(granted('nobody').kept).toEqual([])
  })
})

test('a tablespace that the target lacks becomes the default one, and is told', () => {
  const filter = createEntryFilter(FACTS)
  expect(filter.adaptTablespace('fast')).toBe('fast')
  expect(filter.adaptTablespace('gone')).toBe('')
  expect(filter.problems()).toHaveLength(1)
})
