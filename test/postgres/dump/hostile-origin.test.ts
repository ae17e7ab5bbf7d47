/** A server, or something before it, that would have its words run by the psql of whoever restores. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SegmentWriter } from '../../../src/engine/ports.ts'
import { createDatabaseSource } from '../../../src/postgres/dump.ts'
import { alteringServer } from '../../support/altering-server.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'

const COMMAND = { code: 'unsafe-archive', message: expect.stringContaining('a backslash outside of quotes') }
const WORD = 'x'.repeat(40)

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(15)
  await database.query('CREATE TABLE t (a text)')
  await database.query(`INSERT INTO t VALUES ('${WORD}')`)
  await database.query('CREATE VIEW v AS SELECT a FROM t')
  await database.query(`SELECT lo_from_bytea(0, 'many bytes')`)
})
afterAll(() => database[Symbol.asyncDispose]())

async function reading(url: string): Promise<void> {
  const source = createDatabaseSource({
    url,
    connectTimeout: 10_000,
    lanes: 1,
    schemaOnly: false,
    excludeTableData: [],
  })
  const out: SegmentWriter = {
    restart() {},
    expect() {},
    phase() {},
    async segment(_, bytes) {
      let size = 0
      for await (const part of bytes) size += part.length
      return size
    },
  }
  await source.read(out, new AbortController().signal)
}

describe('a backup', () => {
  test('of a row that ends its COPY and begins a command comes to nothing', async () => {
    await using server = await alteringServer(
      database.url,
      WORD,
      Buffer.from('X\n\\.\n\\! touch pwned'.padEnd(WORD.length)),
    )
    await expect(reading(server.url)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('holds a row that is not one line'),
    })
    expect(server.altered()).toBeGreaterThan(0)
  })

  test('of a large object whose statement goes on as a command comes to nothing', async () => {
    const statement = `'\\x${Buffer.from('many bytes').toString('hex')}')`
    await using server = await alteringServer(
      database.url,
      statement,
      Buffer.from("'') \\! touch pwned".padEnd(statement.length)),
    )
    await expect(reading(server.url)).rejects.toMatchObject(COMMAND)
    expect(server.altered()).toBeGreaterThan(0)
  })

  test('of a view whose text holds a command comes to nothing', async () => {
    await using hostile = await createDatabase(15)
    await hostile.query('CREATE TABLE t (a text)')
    await hostile.query('CREATE VIEW v AS SELECT a FROM t')
    // A function of the same name: the one with the number that the server itself knows cannot be replaced.
    await hostile.query(String.raw`
      SET allow_system_table_mods = on;
      UPDATE pg_proc SET proname = 'viewdef' WHERE oid = 'pg_get_viewdef(oid)'::regprocedure;
      CREATE FUNCTION pg_catalog.pg_get_viewdef(oid) RETURNS text STABLE STRICT LANGUAGE sql
        AS $$ SELECT E' SELECT ''a''::text AS a\n\\! touch pwned\n;' $$`)
    await expect(reading(hostile.url)).rejects.toMatchObject(COMMAND)
  })
})
