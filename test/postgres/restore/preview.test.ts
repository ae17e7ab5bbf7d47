import { describe, expect, test } from 'vitest'
import type { StoredBackup, TargetSummary } from '../../../src/engine/ports.ts'
import type { DatabaseSinkOptions } from '../../../src/postgres/restore.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backendsOf, backUp, failure, restore, SHOP, sinkOf } from '../round-trip.ts'

async function inspect(url: string, backup: StoredBackup, options: Partial<DatabaseSinkOptions> = {}) {
  const found: TargetSummary = await sinkOf(url, options).inspect(backup, countProgress(), new AbortController().signal)
  if (found.kind !== 'database') throw new Error('no database')
  return found
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('a look at an empty target says where it is, who asks, and that it would be filled in parallel', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    await using target = await createDatabase(major)
    expect(await inspect(target.url, await backUp(source.url), { confirm: undefined })).toEqual({
      kind: 'database',
      place: expect.stringMatching(new RegExp(`^[\\w.]+:\\d+/${target.name}$`)),
      database: target.name,
      user: 'postgres',
      server: expect.stringMatching(new RegExp(`^PostgreSQL ${major}\\.\\d+$`)),
      madeFrom: { database: source.name, server: expect.stringMatching(new RegExp(`^PostgreSQL ${major}\\.\\d+$`)) },
      mode: 'parallel',
      tolerates: true,
      needsConfirmation: false,
      losses: [],
      problems: [],
    })
  })

  test('a look at a full one tells what would be lost, and leaves all of it as it is', async () => {
    await using source = await createDatabase(major)
    await source.query(`CREATE EXTENSION hstore; ${SHOP}`)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await target.query(`CREATE EXTENSION citext; CREATE TABLE public.y (i int PRIMARY KEY); CREATE VIEW v AS SELECT 1;
      SELECT lo_create(777); CREATE SCHEMA apart; CREATE TABLE apart.z (i int REFERENCES public.y);
      INSERT INTO public.y SELECT generate_series(1, 1000)`)
    const before = await fingerprint(target.url)
    const found = await inspect(target.url, backup, { mode: 'atomic', confirm: undefined })
    expect(found).toMatchObject({ mode: 'atomic', needsConfirmation: true, holds: { counts: { table: 2, view: 1 } } })
    expect(found.holds?.bytes).toBeGreaterThan(1_000_000)
    expect(found.losses).toEqual([
      { what: '1 table', names: ['public.y'] },
      { what: '1 view', names: ['public.v'] },
      { what: '1 large object', names: ['large object 777'] },
      { what: '1 object that depends on them', names: ['table constraint z_i_fkey on apart.z'] },
      { what: '1 extension', names: ['citext'] },
    ])
    expect(found.problems.map(({ message }) => message)).toEqual([
      "Schemas that the backup doesn't hold stay as they are: apart.",
    ])
    expect(found.refusal).toBeUndefined()
    expect(await fingerprint(target.url)).toEqual(before)
    expect(await backendsOf(target)).toBe(0)
  })

  test('a look tells what the restore will leave out, in the same words', async () => {
    await using source = await createDatabase(major)
    const role = `gone_${source.name}`
    await source.query(`CREATE ROLE ${role}; CREATE TABLE t (i int); ALTER TABLE t OWNER TO ${role};
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${role} USING (true)`)
    const backup = await backUp(source.url)
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await using target = await createDatabase(major)
    const { problems } = await inspect(target.url, backup)
    expect(problems.map(({ message }) => message)).toEqual([
      `Role ${role} does not exist on the target. Left out: 1 owner (TABLE public.t), 1 policy (POLICY public.t p).`,
    ])
    expect((await restore(target.url, backup)).problems).toEqual(problems)
  })
})

test('a look at what could not be restored as asked for says why', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE t (i int)')
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  await target.query('CREATE TABLE mine (i int)')
  const full = await inspect(target.url, backup, { mode: 'parallel' })
  expect(full.refusal).toMatchObject({ code: 'not-empty', hint: expect.stringContaining('--mode atomic') })
  expect(full).toMatchObject({ needsConfirmation: true, losses: [] })
  expect(full.mode).toBeUndefined()
  const named = await inspect(target.url, backup, { mode: 'atomic', confirm: 'other' })
  expect(named.refusal).toMatchObject({ code: 'usage' })
  await using latin = await createDatabase(18, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
  expect((await inspect(latin.url, backup)).refusal).toMatchObject({ code: 'unsupported' })
})

describe('a restore over something', () => {
  test('without its name is refused, and changes nothing', async () => {
    await using source = await createDatabase(18)
    await source.query(SHOP)
    const backup = await backUp(source.url)
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const before = await fingerprint(target.url)
    const error = await failure(restore(target.url, backup, { mode: 'atomic', confirm: undefined }))
    expect(error).toMatchObject({ code: 'not-empty', exitCode: 2 })
    expect(error.message).toContain(`${target.name} holds 1 table (public.mine), which the restore would replace.`)
    expect(error.hint).toContain(`"${target.name}", with --confirm NAME`)
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('with the name of another database is refused, names its own, and changes nothing', async () => {
    await using source = await createDatabase(18)
    await source.query(SHOP)
    const backup = await backUp(source.url)
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const before = await fingerprint(target.url)
    for (const confirm of [source.name, '', target.name.toUpperCase()]) {
      const error = await failure(restore(target.url, backup, { mode: 'atomic', confirm }))
      expect(error).toMatchObject({ code: 'usage', exitCode: 2 })
      expect(error.message).toContain(`into the database "${target.name}"`)
    }
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('into an empty target needs no name, but a wrong one is refused there too', async () => {
    await using target = await createDatabase(18)
    await using source = await createDatabase(18)
    await source.query('CREATE TABLE t (i int)')
    const backup = await backUp(source.url)
    expect((await failure(restore(target.url, backup, { confirm: source.name }))).code).toBe('usage')
    await restore(target.url, backup, { mode: 'atomic', confirm: undefined })
    expect((await fingerprint(target.url)).rows).toEqual({ 'public.t': '0 ' })
  })

  test('that is refused has not read the backup', async () => {
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const error = await failure(restore(target.url, storedBackup([]), { mode: 'atomic', confirm: undefined }))
    expect(error.code).toBe('not-empty')
  })
})
