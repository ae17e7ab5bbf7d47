import { expect, onTestFinished, test } from 'vitest'
import { type Connection, connect } from '../../../src/postgres/connection/connection.ts'
import { type PreflightOptions, preflight } from '../../../src/postgres/dump/preflight.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { startTransactionPooler } from '../../support/transaction-pooler.ts'

const signal = new AbortController().signal
const open = (url: string) => connect({ url, connectTimeout: 5_000, signal })

async function check(url: string, more: Partial<PreflightOptions> = {}) {
  await using connection = await open(url)
  return await preflight(connection, { url, ...more })
}

/** A role of its own without any rights, as a URL. */
async function ordinaryRole(database: TestDatabase, name: string): Promise<string> {
  await database.query(`CREATE ROLE "${name}" LOGIN PASSWORD 'secret'`)
  onTestFinished(async () => {
    await using other = await createDatabase(18)
    await other.query(`DROP ROLE IF EXISTS "${name}"`)
  })
  const url = new URL(database.url)
  url.username = encodeURIComponent(name)
  return url.href
}

test.each([14, 18] as const)('a superuser of PostgreSQL %i passes, and an empty database is told', async major => {
  await using database = await createDatabase(major)
  expect(await check(database.url)).toEqual({ empty: true, standby: false, problems: [] })
  await database.query('CREATE TABLE t (n integer); SELECT lo_create(0)')
  expect(await check(database.url)).toEqual({ empty: false, standby: false, problems: [] })
})

test('a server older than 14 is refused', async () => {
  await using database = await createDatabase(18)
  await using connection = await open(database.url)
  const older: Connection = { ...connection, serverVersion: 130_012 }
  await expect(preflight(older, { url: database.url })).rejects.toMatchObject({ code: 'unsupported' })
})

test.each([
  ['postgresql://u@ep-a-pooler.eu-central-1.aws.neon.tech/d', 'Use the unpooled host ep-a.eu-central-1.aws.neon.tech.'],
  ['postgresql://u@aws-0-eu.pooler.supabase.com:6543/d', 'session pooler, port 5432'],
  ['postgresql://u@h/d?pgbouncer=true', 'pgbouncer=true'],
])('the address of a transaction pooler is refused: %s', async (url, hint) => {
  await using database = await createDatabase(18)
  await using connection = await open(database.url)
  await expect(preflight(connection, { url })).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining(hint),
  })
})

test('the session pooler of Supabase is let through by its address', async () => {
  await using database = await createDatabase(18)
  await using connection = await open(database.url)
  await preflight(connection, { url: 'postgresql://u@aws-0-eu.pooler.supabase.com:5432/d' })
})

test('a transaction pooler at any address is found out by two sessions that share a backend', async () => {
  await using database = await createDatabase(18)
  await using pooler = await startTransactionPooler(database.url)
  await expect(check(pooler.url, { open: () => open(pooler.url) })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('transaction pooler'),
  })
  await check(database.url, { open: () => open(database.url) })
})

test('tables, sequences and schemas that the role may not read are listed with the grants that mend it', async () => {
  await using database = await createDatabase(18)
  const role = `Reader ${database.name}`
  const url = await ordinaryRole(database, role)
  await database.query(
    `CREATE SCHEMA "in"; CREATE TABLE "in"."A b" (n integer); CREATE TABLE open (n serial); CREATE TABLE shut (n integer);
     GRANT SELECT ON open TO PUBLIC; CREATE EXTENSION pg_trgm`,
  )
  const error = await check(url).catch((error: unknown) => error)
  expect(error).toMatchObject({
    code: 'permission',
    message: expect.stringContaining('may not read "in"."A b", public.open_n_seq, public.shut in'),
  })
  const grants = String((error as { hint: string }).hint)
    .split('\n')
    .slice(1)
  expect(grants).toEqual([
    `GRANT USAGE ON SCHEMA "in" TO "${role}";`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA "in" TO "${role}";`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}";`,
    `GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "${role}";`,
  ])
  for (const grant of grants) await database.query(grant)
  await check(url)
})

test('large objects that the role may not read are counted', async () => {
  await using database = await createDatabase(14)
  await database.query(`CREATE ROLE "${database.name}" LOGIN PASSWORD 'secret'`)
  const url = new URL(database.url)
  url.username = database.name
  await database.query('SELECT lo_create(1); SELECT lo_create(2); GRANT SELECT ON LARGE OBJECT 2 TO PUBLIC')
  await expect(check(url.href)).rejects.toMatchObject({
    code: 'permission',
    message: expect.stringContaining('may not read 1 large objects'),
  })
  await database.query(`DROP ROLE "${database.name}"`)
})

test('row-level security that hides rows is refused, unless the rows are not read or the role passes it', async () => {
  await using database = await createDatabase(18)
  const role = `reader_${database.name}`
  const url = await ordinaryRole(database, role)
  await database.query(
    `CREATE TABLE secret (n integer); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; GRANT SELECT ON secret TO PUBLIC`,
  )
  await expect(check(url)).rejects.toMatchObject({
    code: 'permission',
    message: expect.stringContaining('hides rows from role'),
    hint: expect.stringContaining(`ALTER ROLE ${role} BYPASSRLS`),
  })
  await check(url, { readsRows: ({ name }) => name !== 'secret' })
  await database.query(`ALTER TABLE secret OWNER TO ${role}`)
  await check(url)
  await database.query('ALTER TABLE secret FORCE ROW LEVEL SECURITY')
  await expect(check(url)).rejects.toMatchObject({ code: 'permission' })
  await database.query(`ALTER ROLE ${role} BYPASSRLS`)
  await check(url)
})

test('a subscription that only a superuser may dump makes the backup partial', async () => {
  await using database = await createDatabase(18)
  const url = await ordinaryRole(database, `reader_${database.name}`)
  const name = `s_${database.name}`
  await database.query(
    `CREATE SUBSCRIPTION ${name} CONNECTION 'host=db.invalid' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
  )
  try {
    expect((await check(url)).problems).toMatchObject([
      { severity: 'partial', message: expect.stringContaining('1 logical replication subscription is left out') },
    ])
    expect((await check(database.url)).problems).toEqual([])
  } finally {
    await database.query(`DROP SUBSCRIPTION ${name}`)
  }
})
