/** What a disposable server lacks says nothing against the backup: it could not be verified, and it is told what would do. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { ProofResult, StoredBackup } from '../../../src/engine/ports.ts'
import { PROOF_CODES } from '../../../src/engine/proof.ts'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { startNewest } from '../../support/newest.ts'
import { backUp } from '../round-trip.ts'

async function prove(backup: StoredBackup, url: string): Promise<ProofResult> {
  const options = { url, connectTimeout: 10_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] }
  return await createDatabaseProver(options).prove(backup, { progress: countProgress() }, new AbortController().signal)
}

const found = ({ findings }: ProofResult) => findings.map(({ code, subject }) => `${code} ${subject}`).sort()
const weights = ({ findings }: ProofResult) => [...new Set(findings.map(({ code }) => PROOF_CODES[code]))]

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

/** The same backup, with other bytes of the same length in its schema. */
function withText(backup: StoredBackup, from: string, to: string): StoredBackup {
  return {
    ...backup,
    async *read(segment, signal) {
      const parts: Uint8Array[] = []
      for await (const part of backup.read(segment, signal)) parts.push(Buffer.from(part))
      yield Buffer.from(Buffer.concat(parts).toString('latin1').replaceAll(from, to), 'latin1')
    },
  }
}

test('a scheduler that is bound to one database cannot be made in the proof, and all else is compared', async () => {
  const settings = { shared_preload_libraries: 'pg_cron', 'cron.database_name': 'source' }
  const server = await startNewest(15, settings)
  try {
    const source = await server.createDatabase('source')
    await run(
      source,
      `CREATE EXTENSION pg_cron; SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM');
       CREATE TABLE public.t (i int PRIMARY KEY); INSERT INTO public.t SELECT generate_series(1, 100);
       GRANT USAGE ON SCHEMA cron TO PUBLIC`,
    )
    const result = await prove(await backUp(source), await server.createDatabase('scratch'))
    expect(weights(result)).toEqual(['could-not-verify'])
    expect(found(result)).toContain('entry-skipped EXTENSION pg_cron')
    expect(result.findings.find(({ subject }) => subject === 'EXTENSION pg_cron')?.hint).toContain('cron.database_name')
    expect(result.checks.find(({ name }) => name === 'extensions')?.result).toBe('not-run')
    expect(result.tables.find(({ name }) => name === 'public.t')).toMatchObject({ rows: 100 })
  } finally {
    await server.stop()
  }
})

test('roles that rows name are made for the proof', async () => {
  const role = `Owner "of" ${randomBytes(4).toString('hex')}`
  const name = `"${role.replaceAll('"', '""')}"`
  await using source = await createDatabase(14)
  await source.query(`CREATE ROLE ${name}; CREATE TABLE jobs (id int, owner regrole, others regrole[]);
    INSERT INTO jobs VALUES (1, '${name}', ARRAY['${name}', 'postgres']::regrole[]), (2, NULL, NULL), (3, '-', '{}')`)
  const backup = await backUp(source.url)
  await source.query(`DROP TABLE jobs; DROP ROLE ${name}`)
  await using target = await createDatabase(14)
  const result = await prove(backup, target.url)
  expect(found(result)).toEqual([])
  expect(await target.query(`SELECT FROM pg_roles WHERE rolname = '${role}'`)).toEqual([])
})

test('a locale that the server lacks says nothing against the backup', async () => {
  await using source = await createDatabase(18)
  await source.query(`CREATE COLLATION german (LOCALE = 'C.UTF-8'); CREATE TABLE names (name text COLLATE german);
    INSERT INTO names VALUES ('Ä'), ('Z'); CREATE INDEX ON names (name)`)
  const backup = withText(await backUp(source.url), "'C.UTF-8'", "'xx_XX.8'")
  await using target = await createDatabase(18)
  const result = await prove(backup, target.url)
  expect(weights(result)).toEqual(['could-not-verify'])
  expect(found(result)).toContain('entry-skipped COLLATION public.german')
})
