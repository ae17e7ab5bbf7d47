/** A schema is compared by what it means to the server: what comes back in other words is the same, and nothing else is. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProofResult, StoredBackup } from '../../../src/engine/ports.ts'
import { createDatabaseProver, type DatabaseProverOptions } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { startServer } from '../../support/postgres.ts'
import { backUp } from '../round-trip.ts'
import { createReprinted } from './reprinted.ts'

async function prove(
  backup: StoredBackup,
  url: string,
  options: Partial<DatabaseProverOptions> = {},
): Promise<ProofResult> {
  const asked = { url, connectTimeout: 10_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] }
  const prover = createDatabaseProver({ ...asked, ...options })
  return await prover.prove(backup, { progress: countProgress() }, new AbortController().signal)
}

const found = ({ findings }: ProofResult) => findings.map(({ code, subject }) => `${code} ${subject}`).sort()
const schemaOf = ({ checks }: ProofResult) => checks.find(({ name }) => name === 'schema')

test('on PostgreSQL 15 what the server prints otherwise after a reload is the same', async () => {
  const server = await startServer(15)
  try {
    const source = await server.createDatabase('source')
    await createReprinted(source, 15)
    const result = await prove(await backUp(source), await server.createDatabase('scratch'))
    expect(result.findings).toEqual([])
    expect(schemaOf(result)?.detail).toMatch(/^\d+ entries of pg_dump: \d+ text for text, \d+ in other words/)
  } finally {
    await server.stop()
  }
})

/** What is done to the restored database, and all that must be said of it. */
const BROKEN: readonly (readonly [sql: string, ...found: string[]])[] = [
  ['CREATE ROLE reprinted_other'],
  ['ALTER TABLE r.line DROP CONSTRAINT line_order_id_fkey', 'schema-missing FK CONSTRAINT r.line line_order_id_fkey'],
  [
    `ALTER TABLE r.orders DROP CONSTRAINT orders_status_check, ADD CONSTRAINT orders_status_check CHECK (status IN ('new', 'lost'))`,
    'schema-differs TABLE r.orders',
  ],
  [`ALTER TABLE r.part_1 DROP CONSTRAINT part_1_status_check`, 'schema-differs TABLE r.part_1'],
  [`ALTER DOMAIN r.state DROP CONSTRAINT state_check`, 'schema-differs DOMAIN r.state'],
  [`ALTER DOMAIN r.positive SET DEFAULT 2`, 'schema-differs DOMAIN r.positive'],
  [
    `DROP INDEX r.orders_status_idx; CREATE INDEX orders_status_idx ON r.orders (status) WHERE status IN ('new')`,
    'schema-differs INDEX r.orders_status_idx',
  ],
  [`ALTER POLICY own ON r.orders USING (status IN ('new', 'old'))`, 'schema-differs POLICY r.orders own'],
  [
    `CREATE OR REPLACE VIEW r.unknown AS SELECT status, note FROM r.orders UNION ALL SELECT 'z', NULL UNION ALL SELECT NULL, 'y'`,
    'schema-differs VIEW r.unknown',
  ],
  ['ALTER VIEW r.inlist OWNER TO reprinted_other', 'schema-differs VIEW r.inlist'],
  ['ALTER VIEW r.literals ALTER a SET DEFAULT 1::text', 'schema-extra DEFAULT r.literals a'],
  ['GRANT SELECT ON r.stored TO PUBLIC', 'schema-extra ACL r.TABLE stored'],
  ['DROP TRIGGER watched ON r.orders', 'schema-missing TRIGGER r.orders watched'],
  [`COMMENT ON VIEW r.sets IS 'x'`, 'schema-extra COMMENT r.VIEW sets'],
  ['DROP STATISTICS r.stats', 'schema-missing STATISTICS r.stats'],
  [
    `CREATE OR REPLACE FUNCTION r.short(s varchar) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN s IN ('a', 'c')`,
    'schema-differs FUNCTION r.short(character varying)',
  ],
  ['DROP VIEW r.renamed', 'schema-missing VIEW r.renamed'],
]

test('a role that is closed to writing, and hurried, proves such a schema, too', async () => {
  await using source = await createDatabase(14)
  await source.query(`CREATE TABLE o (status varchar(20) CHECK (status IN ('new', 'paid')), n int CHECK (n = NULL))`)
  const backup = await backUp(source.url)
  await using target = await createDatabase(14)
  const role = `closed_${target.name}`
  await target.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'closed'; ALTER ROLE ${role} SET transform_null_equals = on;
    ALTER ROLE ${role} SET default_transaction_read_only = on; ALTER ROLE ${role} SET statement_timeout = '1min'`)
  const url = new URL(target.url)
  url.username = role
  url.password = 'closed'
  const result = await prove(backup, url.href)
  expect(result.findings).toEqual([])
  expect(schemaOf(result)?.detail).toContain('1 in other words')
  await target.query(`DROP ROLE ${role}`)
})

describe('on PostgreSQL 18', () => {
  let source: TestDatabase
  let target: TestDatabase
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(18)
    await createReprinted(source.url, 18)
    target = await createDatabase(18)
    backup = await backUp(source.url)
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
  })

  /** Other tests prove on the same server: theirs come and go, and what stays is left. */
  const expectNone = () =>
    expect
      .poll(() => target.query(`SELECT datname FROM pg_database WHERE datname LIKE 'comeback_proof%'`), {
        timeout: 20_000,
      })
      .toEqual([])

  test('what the server prints otherwise after a reload is the same, and the check says how many entries that are', async () => {
    const result = await prove(backup, target.url)
    expect(result.findings).toEqual([])
    expect(schemaOf(result)).toMatchObject({ result: 'passed' })
    expect(schemaOf(result)?.detail).toMatch(/^\d+ entries of pg_dump: \d+ text for text, \d+ in other words/)
    await expectNone()
  })

  test('whatever was broken on purpose among them is found, and nothing else is', async () => {
    const restored = async (url: string) => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      for (const [sql] of BROKEN) await client.query(sql)
      await client.end()
    }
    const result = await prove(backup, target.url, { restored })
    expect(found(result)).toEqual(BROKEN.flatMap(([, ...all]) => all).sort())
    const detail = `${found(result).length} entries are not as backed up`
    expect(schemaOf(result)).toMatchObject({ result: 'failed', detail })
    await expectNone()
    await target.query('DROP ROLE reprinted_other')
  })

  test('what the server did not make of its own printing is not taken for the same', async () => {
    let reads = 0
    // As if the backup's statement were one that this server refuses, when it is loaded once more.
    const hurt: StoredBackup = {
      ...backup,
      async *read(segment, signal) {
        const parts: Uint8Array[] = []
        for await (const part of backup.read(segment, signal)) parts.push(Buffer.from(part))
        const all = Buffer.concat(parts)
        if (segment.name !== 'schema, pre-data' || reads++ === 0) yield all
        else
          yield Buffer.from(all.toString('latin1').replace('CREATE VIEW r.unknown', 'CREATE VIEX r.unknown'), 'latin1')
      },
    }
    const result = await prove(hurt, target.url)
    expect(result.findings).toMatchObject([{ code: 'schema-not-comparable', subject: 'VIEW r.unknown' }])
    expect(schemaOf(result)?.result).toBe('not-run')
  })
})
