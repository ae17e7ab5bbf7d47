/** Tables that belong to an extension without being its configuration: their rows are told, and nothing of them is in the way. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import type { DatabaseSinkOptions } from '../../../src/postgres/restore.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { startWithExtensions } from '../../support/extensions.ts'
import { loadSegments } from '../../support/load-segments.ts'
import { THOROUGH } from '../../support/thorough.ts'
import { type Read, read, restore } from '../round-trip.ts'

/** As the queues of pgmq were before its version 1.5. */
const QUEUES = `
  CREATE TABLE minq.states (id int PRIMARY KEY, name text);
  INSERT INTO minq.states VALUES (1, 'new'), (2, 'sent');
  CREATE TABLE minq.systems (id int PRIMARY KEY, name text);
  INSERT INTO minq.systems SELECT i, 'own' FROM generate_series(1, 50) i;
  SELECT pg_catalog.pg_extension_config_dump('minq.systems', 'WHERE id > 100 OR id < 0');
  CREATE SEQUENCE minq.number; SELECT pg_catalog.pg_extension_config_dump('minq.number', '');
  CREATE FUNCTION minq.make(name text, kind text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE TABLE minq.%I (id %s, msg text)', name, kind);
    EXECUTE format('ALTER EXTENSION minq ADD TABLE minq.%I', name);
    EXECUTE format('INSERT INTO minq.%I (msg) VALUES (''at once'')', name);
  END $$;`
const UPDATE = `INSERT INTO minq.states VALUES (3, 'lost');
  CREATE OR REPLACE FUNCTION minq.make(name text) RETURNS void LANGUAGE sql AS $$ SELECT minq.make(name, 'bigserial') $$;`

const MAILS = `
  SELECT minq.make('q_mails', 'bigint GENERATED ALWAYS AS IDENTITY'), minq.make('q_serial', 'bigserial');
  INSERT INTO minq.q_mails (msg) SELECT 'to ' || i FROM generate_series(1, 99) i; SELECT nextval('minq.number'), nextval('minq.number');
  CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY); INSERT INTO t SELECT;`

const never = new AbortController().signal

describe.each(THOROUGH ? ([14, 16, 18] as const) : ([18] as const))('on PostgreSQL %i', major => {
  let server: Awaited<ReturnType<typeof startWithExtensions>>
  beforeAll(async () => {
    server = await startWithExtensions(major, { minq: QUEUES, 'minq--1--2': UPDATE })
  })
  afterAll(async () => {
    await server.stop()
  })
  const create = () => server.createDatabase(`test_${randomBytes(6).toString('hex')}`)

  test("rows of people's are told with their number, and those of the extension's own scripts are not", async () => {
    const source = await create()
    await queue(source)
    await query(source, 'VACUUM FULL')
    await query(source, "ALTER EXTENSION minq UPDATE TO '2'")
    await query(source, 'VACUUM FREEZE')
    await query(source, "INSERT INTO minq.systems VALUES (60, 'in the range of its own'), (101, 'mine'), (102, 'mine')")
    const { result } = await read(source)
    expect(result.problems).toEqual([
      {
        severity: 'warning',
        message:
          "Rows in tables of extensions are not in the backup, since the extensions don't declare them as their users' data: minq.q_mails of minq (100 rows), minq.q_serial of minq (1 row), minq.systems of minq (1 row).",
        hint: 'Where such rows are yours, back them up by themselves, or take their table out of the extension: ALTER EXTENSION minq DROP TABLE minq.q_mails.',
        entries: ['minq.q_mails of minq (100 rows)', 'minq.q_serial of minq (1 row)', 'minq.systems of minq (1 row)'],
      },
    ])
  })

  test('a table that the role may not read is told too', async () => {
    const source = await create()
    await queue(source)
    const role = `reader_${randomBytes(4).toString('hex')}`
    await query(
      source,
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA minq TO ${role};
       GRANT SELECT ON minq.systems, minq.number, minq.q_serial, minq.q_serial_id_seq, t, t_id_seq TO ${role}`,
    )
    try {
      const { result } = await read(source.replace('postgres:secret@', `${role}:secret@`))
      expect(result.problems.map(({ message }) => message)).toEqual([
        expect.stringContaining(
          'minq.q_mails of minq (how many could not be found out), minq.q_serial of minq (1 row), minq.states of minq (how many could not be found out).',
        ),
      ])
    } finally {
      await query(source, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  describe('what the tables leave behind is in nobody’s way', () => {
    let source: string
    let taken: Read
    beforeAll(async () => {
      source = await create()
      await queue(source)
      taken = await read(source)
    })
    const values = `SELECT schemaname || '.' || sequencename AS name, last_value FROM pg_sequences WHERE sequencename <> 'q_mails_id_seq' ORDER BY 1`
    const comesBack = async (target: string, options: Partial<DatabaseSinkOptions>, from = taken) => {
      const { problems } = await restore(target, storedBackup(from.segments, from.result), options)
      expect(await query(target, values)).toEqual(await query(source, values))
      return problems.map(({ message }) => message)
    }

    test.each(['parallel', 'swap', 'atomic'] as const)('%s', async mode => {
      const target = await create()
      expect(await comesBack(target, { mode })).toEqual([])
      if (mode === 'atomic') expect(await comesBack(target, { mode })).toEqual([])
    })

    test('rows alone', async () => {
      const selection = { tables: [], schemas: [], schemaOnly: false, dataOnly: true }
      expect(await comesBack(source, { selection })).toEqual([])
    })

    test('stock recovery and proof', async () => {
      const target = await create()
      await loadSegments(target, taken.segments)
      expect(await query(target, values)).toEqual(await query(source, values))
      const prover = createDatabaseProver({
        url: await create(),
        connectTimeout: 5_000,
        lanes: 2,
        disposable: true,
        confirm: undefined,
        assertions: [],
      })
      const backup = storedBackup(taken.segments, taken.result)
      const { findings } = await prover.prove(backup, { progress: countProgress() }, never)
      expect(findings).toEqual([])
    })

    test('a backup of an older version, which has the value of such a column, comes back without it and says so', async () => {
      const segments = taken.segments.map(segment => {
        if (segment.head.name !== 'sequence values') return segment
        const more = Buffer.from(`SELECT pg_catalog.setval('"minq"."q_mails_id_seq"', 100, true);\n`)
        return { ...segment, bytes: Buffer.concat([more, segment.bytes]) }
      })
      const told =
        'Left out: SEQUENCE SET minq.q_mails_id_seq: nothing in the backup creates it, nor does an extension.'
      for (const mode of ['parallel', 'atomic'] as const) {
        expect(await comesBack(await create(), { mode }, { ...taken, segments })).toEqual([told])
      }
    })
  })
})

async function queue(url: string): Promise<void> {
  await query(url, 'CREATE SCHEMA minq; CREATE EXTENSION minq SCHEMA minq')
  // In a transaction of its own, as people's rows come.
  await query(url, MAILS)
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
