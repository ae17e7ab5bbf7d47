import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { storedBackup } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backendsOf, backUp, breaking, failure, read, restore, SHOP } from '../round-trip.ts'

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('a parallel restore that fails leaves the target as empty as it was', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    await using target = await createDatabase(major)
    await target.query('CREATE EXTENSION citext')
    const before = await fingerprint(target.url)
    const broken = breaking(await backUp(source.url), 'public.orders', 500_000, () => {
      throw new ComebackError('damaged', 'A chunk is damaged.')
    })
    const error = await failure(restore(target.url, broken))
    expect(error.code).toBe('damaged')
    expect(error.message).toBe('A chunk is damaged. What had been restored was dropped: the target is empty again.')
    expect(await fingerprint(target.url)).toEqual(before)
    expect(await backendsOf(target)).toBe(0)
  })

  test('an atomic restore that fails half-way leaves the target as it was', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await target.query(SHOP)
    await target.query(
      'DELETE FROM shop.event WHERE n < 100; ALTER TABLE public.orders ADD extra int; CREATE TABLE public.more (i int)',
    )
    const before = await fingerprint(target.url)
    const broken = breaking(backup, 'public.orders', 500_000, () => {
      throw new ComebackError('damaged', 'A chunk is damaged.')
    })
    expect((await failure(restore(target.url, broken, { mode: 'atomic' }))).code).toBe('damaged')
    expect(await fingerprint(target.url)).toEqual(before)
    expect(await backendsOf(target)).toBe(0)
    await restore(target.url, backup, { mode: 'atomic' })
    expect(await fingerprint(target.url)).toEqual(await fingerprint(source.url))
  })

  test.each(['parallel', 'atomic'] as const)(
    'an aborted %s restore leaves no backend, and the target as it was',
    async mode => {
      await using source = await createDatabase(major)
      await source.query(SHOP)
      await using target = await createDatabase(major)
      if (mode === 'atomic') await target.query('CREATE TABLE kept (i int)')
      const before = await fingerprint(target.url)
      const abort = new AbortController()
      const cancelled = new ComebackError('cancelled', 'Stop.')
      const backup = breaking(await backUp(source.url), 'public.orders', 300_000, () => abort.abort(cancelled))
      expect((await failure(restore(target.url, backup, { mode }, abort.signal))).code).toBe('cancelled')
      expect(await fingerprint(target.url)).toEqual(before)
      expect(await backendsOf(target)).toBe(0)
    },
  )

  test('an abort ends a statement that would run for long', async () => {
    await using source = await createDatabase(major)
    await source.query(`
      CREATE TABLE slow (i int); INSERT INTO slow VALUES (1);
      CREATE FUNCTION nap(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF current_database() LIKE ''%\\_nap'' THEN PERFORM pg_sleep(60); END IF; RETURN i; END';
      CREATE INDEX ON slow (nap(i))`)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await target.query('CREATE TABLE other (i int)')
    await source.query(`ALTER DATABASE ${target.name} RENAME TO ${target.name}_nap`)
    const url = `${target.url}_nap`
    try {
      const abort = new AbortController()
      const restoring = restore(url, backup, { mode: 'atomic' }, abort.signal)
      const settled = failure(restoring)
      await sleep(1500)
      const started = Date.now()
      abort.abort(new ComebackError('cancelled', 'Stop.'))
      expect((await settled).code).toBe('cancelled')
      expect(Date.now() - started).toBeLessThan(20_000)
      const rows = await source.query('SELECT pid FROM pg_stat_activity WHERE datname = $1', [`${target.name}_nap`])
      expect(rows).toEqual([])
    } finally {
      await source.query(`ALTER DATABASE ${target.name}_nap RENAME TO ${target.name}`)
    }
  })

  test('a statement that the server refuses is named with its entry, and rows are not repeated', async () => {
    await using source = await createDatabase(major)
    await source.query(`CREATE TABLE t (secret text); INSERT INTO t VALUES ('hunter2')`)
    const { segments, result } = await read(source.url)
    const wrong = segments.map(segment => ({
      ...segment,
      bytes: Buffer.from(segment.bytes.toString().replace('secret text', 'secret int4')),
    }))
    await using target = await createDatabase(major)
    const error = await failure(restore(target.url, storedBackup(wrong, result)))
    expect(error.message).toMatch(
      /^Loading public\.t failed: invalid input syntax.*at COPY t, line 1, column secret \[22P02\]/,
    )
    const refused = segments.map(segment => ({
      ...segment,
      bytes: Buffer.from(segment.bytes.toString().replace('secret text', 'secret tixt')),
    }))
    const other = await failure(restore(target.url, storedBackup(refused, result)))
    expect(other.message).toMatch(
      /^Restoring TABLE public\.t failed: type "tixt" does not exist.*The statement: CREATE TABLE public\.t/,
    )
  })

  test('fewer rows than the backup counted are a mismatch', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2)')
    const { segments, result } = await read(source.url)
    await using target = await createDatabase(major)
    const detail = { ...Object(result.detail), rows: { 'public.t': 3 } }
    expect((await failure(restore(target.url, storedBackup(segments, { detail })))).code).toBe('mismatch')
  })
})
