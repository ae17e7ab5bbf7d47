/** The whole proof of a database, against real servers. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProofContext, ProofResult, StoredBackup } from '../../src/engine/ports.ts'
import type { ProofFinding } from '../../src/engine/proof.ts'
import { createDatabaseProver, type DatabaseProverOptions } from '../../src/postgres/prove.ts'
import { countProgress } from '../fakes/segments.ts'
import { createEverything } from '../fixtures/everything.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { backUp, breaking, failure, SHOP } from './round-trip.ts'

const never = new AbortController().signal

function prove(
  backup: StoredBackup,
  url: string | undefined,
  options: Partial<DatabaseProverOptions> = {},
  context: Partial<ProofContext> = {},
  signal = never,
): Promise<ProofResult> {
  const prover = createDatabaseProver({
    url,
    connectTimeout: 2_000,
    lanes: 2,
    disposable: true,
    confirm: undefined,
    assertions: [],
    ...options,
  })
  return prover.prove(backup, { progress: countProgress(), ...context }, signal)
}

function found({ findings }: ProofResult): readonly string[] {
  // Of what was not meant to happen, the reason is worth more than that it did.
  const words = ({ code, subject, message }: ProofFinding) =>
    code === 'check-failed' ? `${code} ${subject}: ${message}` : `${code} ${subject}`
  return findings.map(words).sort()
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

/** Other tests prove on the same server: theirs come and go, and what stays is left. */
async function databasesOf(target: TestDatabase): Promise<unknown> {
  return await target.query(`SELECT datname FROM pg_database WHERE datname LIKE 'comeback_proof%'`)
}

/** The other majors have a long test of their own. */
test.each([18] as const)('on PostgreSQL %i a healthy backup of everything is silent', async major => {
  await using source = await createEverything(major)
  await using target = await createDatabase(major, 'TEMPLATE template0')
  const result = await prove(await backUp(source.url), target.url)
  expect(found(result)).toEqual([])
  expect(result.checks.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'restore passed',
    'rows passed',
    'schema passed',
    'sequences passed',
    'large-objects passed',
    'constraints passed',
    'indexes passed',
    'extensions passed',
    'amcheck passed',
    'assertions not-run',
  ])
  expect(result.server).toMatch(new RegExp(`^PostgreSQL ${major}\\.`))
  expect(result.restoreTime).toBeGreaterThan(0)
  expect(result.compareTime).toBeGreaterThan(0)
  await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  expect(await target.query('SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 2200')).toEqual([{ n: 0 }])
})

describe('a shop', () => {
  let source: TestDatabase
  let target: TestDatabase
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(18)
    await source.query(SHOP)
    target = await createDatabase(18)
    backup = await backUp(source.url)
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
  })

  async function tampered(sql: string): Promise<ProofResult> {
    return await prove(backup, target.url, {
      restored: url => run(url, sql),
    })
  }

  test.each([
    [
      'an index invalid',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.orders_customer_idx'::regclass`,
      ['index-invalid index public.orders_customer_idx'],
    ],
    [
      'a constraint not validated',
      `UPDATE pg_constraint SET convalidated = false WHERE conname = 'orders_customer_fkey'`,
      ['constraint-invalid constraint orders_customer_fkey of public.orders'],
    ],
    ['a row changed', `UPDATE public.orders SET note = 'x' WHERE id = 7`, ['rows-differ public.orders']],
  ])('restored with %s fails', async (_, sql, expected) => {
    expect(found(await tampered(sql))).toEqual(expected)
    await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  })

  test('a schema with an entry too many says how many differ, not that all are as they were', async () => {
    const result = await tampered('CREATE VIEW public.extra AS SELECT 1 AS one')
    expect(found(result)).toEqual(['schema-extra VIEW public.extra'])
    expect(result.checks.find(({ name }) => name === 'schema')).toEqual({
      name: 'schema',
      result: 'failed',
      detail: '1 entry is not as backed up',
    })
  })

  test('an index that contradicts its table is found by amcheck', async () => {
    const result = await tampered(
      // The index then believes in another order than the one that it was built with.
      `CREATE OR REPLACE FUNCTION public.backwards(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.btint4cmp($2, $1)';
       UPDATE pg_amproc SET amproc = 'public.backwards(int,int)'::regprocedure
        WHERE amproc = 'pg_catalog.btint4cmp'::regproc AND amproclefttype = 'int4'::regtype AND amprocrighttype = 'int4'::regtype
          AND amprocnum = 1 AND amprocfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'integer_ops' AND opfmethod = 403)`,
    )
    expect(found(result).filter(text => text.startsWith('index-corrupt')).length).toBeGreaterThan(0)
  })

  test('a damaged pack fails the proof, and is named as what it is', async () => {
    const { ComebackError } = await import('../../src/errors.ts')
    const hurt = breaking(backup, 'public.orders', 100, () => {
      throw new ComebackError('damaged', 'A chunk is not what it was.')
    })
    const result = await prove(hurt, target.url)
    expect(found(result)).toEqual(['backup-damaged backup'])
    expect(result.checks.filter(({ result }) => result === 'passed')).toEqual([])
    await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  })

  test('what the server refuses fails the proof without a word of the data', async () => {
    await using other = await createDatabase(18)
    await other.query(`CREATE TABLE person (mail text PRIMARY KEY);
      INSERT INTO person VALUES ('secret1@example.org'), ('secret2@example.org')`)
    const keyed = await backUp(other.url)
    const mixed: StoredBackup = {
      ...keyed,
      async *read(segment, signal) {
        for await (const piece of keyed.read(segment, signal)) {
          yield Buffer.from(Buffer.from(piece).toString('latin1').replace('secret2', 'secret1'), 'latin1')
        }
      },
    }
    const result = await prove(mixed, target.url)
    expect(found(result)).toEqual(['restore-failed CONSTRAINT public.person person_pkey'])
    expect(result.findings[0]?.message).toMatch(/unique.*\[23505\]/)
    expect(JSON.stringify(result)).not.toContain('secret@')
  })

  test('roles that the backup names are made for the proof, and are gone after it', async () => {
    const role = `shopkeeper_${randomBytes(4).toString('hex')}`
    await using other = await createDatabase(14)
    await other.query(
      `CREATE ROLE ${role}; CREATE TABLE t (i int); ALTER TABLE t OWNER TO ${role}; GRANT SELECT ON t TO ${role}`,
    )
    const owned = await backUp(other.url)
    await other.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await using place = await createDatabase(14)
    expect(found(await prove(owned, place.url))).toEqual([])
    expect(await place.query(`SELECT FROM pg_roles WHERE rolname = '${role}'`)).toEqual([])
  })

  test('another major says nothing, and names the image to use', async () => {
    await using other = await createDatabase(14)
    const result = await prove(backup, other.url)
    expect(found(result)).toEqual(['wrong-major PostgreSQL 14'])
    expect(result.findings[0]?.hint).toContain('postgres:18')
    expect(result.checks.every(({ result }) => result === 'not-run')).toBe(true)
  })

  test('an extension that the server lacks says nothing, and names an image that has it', async () => {
    const detail = backup.detail
    if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) throw new Error('no detail')
    const extensions = [{ name: 'vector', version: '0.8.0', schema: 'public' }]
    const result = await prove({ ...backup, detail: { ...detail, extensions } }, target.url)
    expect(found(result)).toEqual(['extension-unavailable extension vector'])
    expect(result.findings[0]?.hint).toContain('pgvector/pgvector:pg18')
  })

  test.each([
    ['no server is named', undefined],
    ['nobody listens', 'postgresql://postgres@127.0.0.1:1/x'],
  ])('where %s nothing is verified', async (_, url) => {
    const result = await prove(backup, url)
    expect(found(result)).toEqual(['no-server server'])
    expect(result.findings[0]?.hint).toBeTruthy()
  })

  test('a target that holds something is refused', async () => {
    await using filled = await createDatabase(18)
    await filled.query('CREATE TABLE theirs (i int)')
    expect(await failure(prove(backup, filled.url))).toMatchObject({ code: 'not-empty' })
    expect(await filled.query('SELECT * FROM theirs')).toEqual([])
  })

  test('a server that is not marked as disposable is refused, and one that is far away, unless its name is repeated', async () => {
    expect(await failure(prove(backup, target.url, { disposable: false }))).toMatchObject({ code: 'usage' })
    const far = 'postgresql://postgres@db.example.com/shop'
    expect(await failure(prove(backup, far))).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--confirm shop'),
    })
  })

  test('a cancelled proof leaves nothing behind', async () => {
    const cancel = new AbortController()
    const { ComebackError } = await import('../../src/errors.ts')
    const restored = async () => cancel.abort(new ComebackError('cancelled', 'Enough.'))
    expect(await failure(prove(backup, target.url, { restored }, {}, cancel.signal))).toMatchObject({
      code: 'cancelled',
    })
    await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  })

  test('a connection that is lost in the middle says nothing against the backup', async () => {
    const restored = async (url: string) => {
      await target.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${new URL(url).pathname.slice(1)}'`,
      )
      await target.query(`DROP DATABASE "${new URL(url).pathname.slice(1)}" WITH (FORCE)`)
    }
    const result = await prove(backup, target.url, { restored })
    expect(found(result)).toEqual(['no-server server'])
  })

  test('assertions are asked of what was restored', async () => {
    const assertions = [
      { name: 'true', sql: 'SELECT count(*) > 100 FROM shop.customer' },
      { name: 'no-rows', sql: 'SELECT * FROM shop.customer WHERE id < 0' },
      { name: 'false', sql: 'SELECT count(*) > 1000000 FROM shop.customer' },
      { name: 'rows', sql: `SELECT name FROM shop.customer WHERE id < 4` },
      { name: 'measure', sql: '-- comeback: at least 1\nSELECT count(*) FROM shop.customer' },
      { name: 'fell', sql: '-- comeback: at least 1\nSELECT count(*) FROM shop.customer' },
      { name: 'one-row', sql: 'SELECT id FROM shop.customer WHERE id = 7' },
      { name: 'may-fall', sql: '-- comeback: may fall by 95%\nSELECT count(*) FROM shop.customer' },
      { name: 'too-few', sql: '-- comeback: at least 501\nSELECT count(*) FROM shop.customer' },
      { name: 'slow', sql: '-- comeback: timeout 1s\nSELECT pg_sleep(20)' },
      { name: 'writes', sql: 'DELETE FROM shop.customer RETURNING id' },
      { name: 'nonsense', sql: 'SELEC 1' },
      { name: 'two', sql: 'SELECT 1; SELECT 2' },
      { name: 'rule', sql: '-- comeback: be nice\nSELECT true' },
    ]
    const before = {
      id: 'x',
      tables: [],
      assertions: ['fell', 'may-fall'].map(name => ({ name, result: 'passed' as const, value: 5_000 })),
    }
    const result = await prove(backup, target.url, { assertions }, { before })
    expect(result.assertions.map(({ name, result }) => `${name} ${result}`)).toEqual([
      'true passed',
      'no-rows passed',
      'false failed',
      'rows failed',
      'measure passed',
      'fell failed',
      'one-row failed',
      'may-fall passed',
      'too-few failed',
      'slow error',
      'writes error',
      'nonsense error',
      'two error',
      'rule error',
    ])
    expect(result.assertions.find(({ name }) => name === 'measure')).toMatchObject({ value: 500 })
    expect(found(result)).toEqual([
      'assertion-error assertion nonsense',
      'assertion-error assertion rule',
      'assertion-error assertion slow',
      'assertion-error assertion two',
      'assertion-error assertion writes',
      'assertion-failed assertion false',
      'assertion-failed assertion one-row',
      'assertion-failed assertion rows',
      'assertion-threshold assertion fell',
      'assertion-threshold assertion too-few',
    ])
    expect(JSON.stringify(result.findings)).not.toContain('name 1')
  })

  test('a table whose pages contradict the catalogue is found by amcheck', async () => {
    // The deleted row is older than all that the catalogue says is left.
    const result = await prove(backup, target.url, {
      restored: async url => {
        await run(url, `INSERT INTO shop.customer (id, name) VALUES (0, 'gone')`)
        await run(url, `DELETE FROM shop.customer WHERE name = 'gone'`)
        await run(url, `UPDATE pg_class SET relfrozenxid = pg_current_xact_id()::xid WHERE relname = 'customer'`)
      },
    })
    expect(found(result)).toEqual(['table-corrupt shop.customer'])
    expect(JSON.stringify(result)).not.toContain('gone')
  })

  test('a schema that another pg_dump wrote is compared all the same', async () => {
    const older = { ...backup, detail: { ...(backup.detail as object), pgDump: 'pg_dump 17.0 (bundled)' } }
    const result = await prove(older, target.url, {
      restored: url => run(url, 'CREATE VIEW public.extra AS SELECT 1'),
    })
    expect(found(result)).toEqual(['schema-extra VIEW public.extra'])
  })

  test('another version of an extension is worth a word; under another locale than its own nothing is verified', async () => {
    const detail = {
      ...(backup.detail as object),
      extensions: [{ name: 'plpgsql', version: '0.9', schema: 'pg_catalog' }],
      collate: 'xx_YY.UTF-8',
      ctype: 'xx_YY.UTF-8',
    }
    expect(found(await prove({ ...backup, detail }, target.url))).toEqual([
      'extension-version extension plpgsql',
      'locale-unavailable locale xx_YY.UTF-8',
    ])
  })

  test('a library that sorts by another version is worth a word, and one that has none verifies nothing', async () => {
    const [here] = await target.query(
      'SELECT datcollversion AS version FROM pg_database WHERE datname = current_database()',
    )
    const sorting = async (version: string) => {
      const locale = { provider: 'libc', name: null, rules: null, version }
      const result = await prove({ ...backup, detail: { ...(backup.detail as object), locale } }, target.url)
      return found(result)
    }
    const code = here?.version === null ? 'locale-unavailable' : 'target-differs'
    expect(await sorting('2.17')).toEqual([expect.stringMatching(`^${code} locale `)])
  })

  test('a database that cannot be dropped again is named', async () => {
    const result = await prove(backup, target.url, {
      restored: url => run(target.url, `ALTER DATABASE "${new URL(url).pathname.slice(1)}" IS_TEMPLATE true`),
    })
    const [left = ''] = found(result)
    expect(left).toMatch(/^not-cleared comeback_proof_/)
    const name = left.split(' ')[1]
    await target.query(`ALTER DATABASE ${name} IS_TEMPLATE false`)
    await target.query(`DROP DATABASE ${name}`)
  })

  test('a role that may not make what the backup holds proves the rest, and verifies nothing', async () => {
    await using source = await createDatabase(14)
    await source.query(`CREATE TABLE t (i int); INSERT INTO t VALUES (1);
      CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION told()`)
    const watched = await backUp(source.url)
    await using place = await createDatabase(14)
    const role = `guest_${randomBytes(4).toString('hex')}`
    const url = new URL(place.url)
    url.username = role
    url.password = 'guest'
    await place.query(`CREATE ROLE ${role} LOGIN CREATEROLE PASSWORD 'guest'`)
    expect(found(await prove(watched, url.href))).toEqual([expect.stringMatching(/^check-failed proof: /)])
    await place.query(`ALTER ROLE ${role} CREATEDB`)
    const result = await prove(watched, url.href)
    expect(found(result)).toContain('entry-skipped EVENT TRIGGER watch')
    expect(result.checks.find(({ name }) => name === 'rows')).toMatchObject({ result: 'passed' })
    expect(result.checks.find(({ name }) => name === 'schema')?.result).not.toBe('passed')
    await place.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  test('when the time is up after the comparison, what it found stays', async () => {
    const { ComebackError } = await import('../../src/errors.ts')
    const over = new AbortController()
    const migrate = async () => {
      over.abort(new ComebackError('timeout', 'The time was up.'))
      over.signal.throwIfAborted()
      throw new Error('unreachable')
    }
    const result = await prove(backup, target.url, { migrate }, {}, over.signal)
    expect(found(result)).toEqual(['migration-not-run migration'])
    expect(result.checks.filter(({ result }) => result !== 'passed').map(({ name }) => name)).toEqual(['assertions'])
    expect(result.restoreTime).toBeGreaterThan(0)
    await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  })

  test('when the time is up during the comparison, it is known that it restores', async () => {
    const { ComebackError } = await import('../../src/errors.ts')
    const over = new AbortController()
    const restored = async () => over.abort(new ComebackError('timeout', 'The time was up.'))
    const result = await prove(backup, target.url, { restored }, {}, over.signal)
    expect(found(result)).toEqual(['interrupted proof'])
    expect(result.checks.filter(({ result }) => result === 'passed').map(({ name }) => name)).toEqual(['restore'])
    expect(result.restoreTime).toBeGreaterThan(0)
    await expect.poll(() => databasesOf(target), { timeout: 20_000 }).toEqual([])
  })

  test('a table that lost half of its rows is worth a word', async () => {
    const before = { id: 'x', tables: [{ name: 'shop.customer', rows: 5_000, bytes: 1 }], assertions: [] }
    const result = await prove(backup, target.url, {}, { before })
    expect(found(result)).toEqual(['table-shrank shop.customer'])
    expect(result.tables.find(({ name }) => name === 'shop.customer')).toMatchObject({ rows: 500, before: 5_000 })
  })
})

test('what the restore could not make keeps a backup from being verified, and is named with its cure', async () => {
  await using source = await createDatabase(18)
  await source.query(`
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int REFERENCES parent);
    SET session_replication_role = replica; INSERT INTO child VALUES (7)`)
  await using target = await createDatabase(18)
  const result = await prove(await backUp(source.url), target.url)
  expect(found(result)).toEqual(['restore-failed FK CONSTRAINT public.child child_parent_fkey'])
  const cure = result.findings.find(({ code }) => code === 'restore-failed')?.hint
  expect(cure).toContain('ALTER TABLE public.child VALIDATE CONSTRAINT child_parent_fkey')
  expect(result.checks.find(({ name }) => name === 'rows')?.result).toBe('passed')
})
