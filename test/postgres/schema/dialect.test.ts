import { describe, expect, test } from 'vitest'
import { inDialectOf, withoutReservedOptions } from '../../../src/postgres/schema/dialect.ts'

const table = (version: number, ...statements: readonly string[]) => inDialectOf(version, 'TABLE', statements)

describe('what a server keeps for itself among the options of a column', () => {
  test.each([
    ['ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=35404112)', undefined],
    [
      'ALTER TABLE ONLY public.t ALTER COLUMN "a, (b" SET (pg_attver=1, n_distinct=5)',
      'ALTER TABLE ONLY public.t ALTER COLUMN "a, (b" SET (n_distinct=5)',
    ],
    [
      'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=-0.5, pg_attver=1)',
      'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=-0.5)',
    ],
    [
      'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, pg_attver=1, n_distinct_inherited=7)',
      'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, n_distinct_inherited=7)',
    ],
    ['ALTER FOREIGN TABLE ONLY t ALTER COLUMN "SET (pg_attver=1)" SET (pg_attver=2)', undefined],
  ])('is dropped: %s', (sql, left) => {
    expect(withoutReservedOptions(sql)).toBe(left)
  })

  test.each([
    'ALTER TABLE ONLY t ALTER COLUMN "SET (pg_attver=1)" SET (n_distinct=5)',
    "ALTER TABLE ONLY t ALTER COLUMN a SET DEFAULT 'SET (pg_attver=1)'",
    "ALTER TABLE ONLY t ALTER COLUMN a SET DEFAULT f('SET (pg_attver=1)')",
    'ALTER TABLE t SET (pg_attver=1)',
    "COMMENT ON TABLE t IS 'ALTER TABLE ONLY t ALTER COLUMN a SET (pg_attver=1)'",
  ])('is all that is dropped: %s', sql => {
    expect(withoutReservedOptions(sql)).toBe(sql)
  })
})

describe('a NOT NULL of its own on a column that a child inherits', () => {
  const child = `CREATE TABLE public.c (
    own integer DEFAULT f('a, NOT NULL b,
    NOT NULL x,'),
    NOT NULL id,
    CONSTRAINT "named, (so" NOT NULL "odd, ""name",
    CONSTRAINT positive CHECK ((id > 0))
)
INHERITS (public.p)`

  test('is set when the table is there, before 18', () => {
    expect(table(170_004, child, 'ALTER TABLE public.c OWNER TO o')).toEqual([
      `CREATE TABLE public.c (
    own integer DEFAULT f('a, NOT NULL b,
    NOT NULL x,'),
    CONSTRAINT positive CHECK ((id > 0))
)
INHERITS (public.p)`,
      'ALTER TABLE ONLY public.c ALTER COLUMN id SET NOT NULL',
      'ALTER TABLE ONLY public.c ALTER COLUMN "odd, ""name" SET NOT NULL',
      'ALTER TABLE public.c OWNER TO o',
    ])
  })

  test('stays where it is from 18 on', () => {
    expect(table(180_000, child)).toEqual([child])
  })

  test('leaves an empty list behind where it was all', () => {
    expect(
      inDialectOf(140_000, 'FOREIGN TABLE', [
        'CREATE FOREIGN TABLE a."B" (\n    NOT NULL id\n)\nINHERITS (a.p)\nSERVER s',
      ]),
    ).toEqual([
      'CREATE FOREIGN TABLE a."B" (\n)\nINHERITS (a.p)\nSERVER s',
      'ALTER FOREIGN TABLE ONLY a."B" ALTER COLUMN id SET NOT NULL',
    ])
  })

  test('has one place, whoever wrote it', () => {
    const statements = [
      'CREATE TABLE c (\n)',
      'ALTER TABLE ONLY c ALTER COLUMN a SET STATISTICS 5',
      'ALTER TABLE ONLY c ALTER COLUMN b SET NOT NULL',
    ]
    expect(table(150_000, ...statements)).toEqual([statements[0], statements[2], statements[1]])
  })
})

test('a partitioned table that is unlogged has no word for it from 18 on', () => {
  const root = 'CREATE UNLOGGED TABLE r (\n    id integer\n)\nPARTITION BY RANGE (id)'
  expect(table(170_000, root)).toEqual([root])
  expect(table(180_000, root)).toEqual([root.replace('UNLOGGED ', '')])
  const plain = "CREATE UNLOGGED TABLE r (\n    t text DEFAULT ')\nPARTITION'\n)"
  expect(table(180_000, plain)).toEqual([plain])
})

test('the sequence of an identity had no persistence of its own before 15', () => {
  const identity = (word: string) =>
    `ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n    SEQUENCE NAME t_id_seq${word}\n    START WITH 1\n)`
  expect(inDialectOf(140_022, 'SEQUENCE', [identity('\n    LOGGED')])).toEqual([identity('')])
  expect(inDialectOf(150_000, 'SEQUENCE', [identity('\n    LOGGED')])).toEqual([identity('\n    LOGGED')])
})

test.each([
  ['VIEW', 'ALTER TABLE v OWNER TO o', 'ALTER VIEW v OWNER TO o'],
  ['MATERIALIZED VIEW', 'ALTER TABLE "a.b" OWNER TO o', 'ALTER MATERIALIZED VIEW "a.b" OWNER TO o'],
  ['SEQUENCE', 'ALTER TABLE s.q OWNER TO o', 'ALTER SEQUENCE s.q OWNER TO o'],
  [
    'FOREIGN TABLE',
    "ALTER FOREIGN TABLE f ALTER COLUMN a OPTIONS (\n    x 'y'\n)",
    "ALTER FOREIGN TABLE ONLY f ALTER COLUMN a OPTIONS (\n    x 'y'\n)",
  ],
  [
    'DEFAULT ACL',
    'ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT USAGE ON SCHEMAS  TO b',
    'ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT USAGE ON SCHEMAS TO b',
  ],
])('an older wording of %s is the newer one', (type, older, newer) => {
  const first = type === 'FOREIGN TABLE' ? ['CREATE FOREIGN TABLE f (\n)'] : []
  expect(inDialectOf(150_000, type, [...first, older])).toEqual([...first, newer])
})

test('all rights on a table are seven before 17, and stay so elsewhere', () => {
  const seven = 'SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE'
  expect(
    inDialectOf(160_000, 'ACL', ['GRANT ALL ON TABLE t TO a WITH GRANT OPTION', 'GRANT ALL ON SEQUENCE s TO a']),
  ).toEqual([`GRANT ${seven} ON TABLE t TO a WITH GRANT OPTION`, 'GRANT ALL ON SEQUENCE s TO a'])
  expect(inDialectOf(170_000, 'ACL', ['GRANT ALL ON TABLE t TO a'])).toEqual(['GRANT ALL ON TABLE t TO a'])
})

test('a subscription does what it did: it streams only if it is told to, and before 16 cannot be told whose rights to use', () => {
  const create = (options: string) =>
    `CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION " WITH (connect = false, slot_name = NONE)" WITH (connect = false, slot_name = ${options})`
  expect(inDialectOf(150_000, 'SUBSCRIPTION', [create('NONE, binary = true, run_as_owner = true')])).toEqual([
    create('NONE, binary = true, streaming = off'),
  ])
  expect(inDialectOf(170_000, 'SUBSCRIPTION', [create("'a_slot', streaming = on")])).toEqual([
    create("'a_slot', streaming = on"),
  ])
  expect(inDialectOf(180_000, 'SUBSCRIPTION', [create('NONE')])).toEqual([create('NONE')])
})
