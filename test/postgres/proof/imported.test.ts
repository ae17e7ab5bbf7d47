/** Backups that were imported from a script of pg_dump, which says the same in other words. */
import { spawnSync } from 'node:child_process'
import { expect, type TestContext, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { compareDatabase } from '../../../src/postgres/proof/compare-database.ts'
import { createScriptSource } from '../../../src/postgres/script.ts'
import { collectSegments, countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { needTools } from '../../support/stock-tool.ts'
import { restore } from '../round-trip.ts'

const never = new AbortController().signal

const THINGS = `
  CREATE SEQUENCE public.counter START 5; SELECT nextval('public.counter'), nextval('public.counter');
  CREATE SEQUENCE public."odd "" name's" ; SELECT nextval('public."odd "" name''s"');
  CREATE TABLE public.keys (k text, "Größe" int); INSERT INTO public.keys SELECT 'k' || i, i FROM generate_series(1, 100) i;
  SELECT lo_from_bytea(801, decode(repeat('ab', 300000), 'hex')), lo_create(802);
  SELECT lo_from_bytea(804, 'four'), lo_create(803), lo_put(803, 5000, 'after a hole'); GRANT SELECT ON LARGE OBJECT 801 TO PUBLIC;`

async function imported(context: TestContext): Promise<StoredBackup> {
  needTools(context, 'pg_dump')
  await using source = await createDatabase(14, 'TEMPLATE template0')
  await source.query(THINGS)
  const { stdout, status } = spawnSync('pg_dump', [source.url], { maxBuffer: 1e8 })
  if (status !== 0) throw new Error('pg_dump failed')
  const out = collectSegments()
  async function* open() {
    yield stdout
  }
  const script = createScriptSource({ identity: 'x', open })
  const result = await script.read(out, never)
  return storedBackup(out.segments, result)
}

async function compare(backup: StoredBackup, url: string): Promise<readonly string[]> {
  const target = { url, connectTimeout: 10_000, signal: never }
  const detail = parseDatabaseDetail(backup.detail)
  const request = { backup, detail, connect: target, lanes: 2, progress: countProgress() }
  const { findings } = await compareDatabase(request)
  return findings.map(({ code, subject }) => `${code} ${subject}`).sort()
}

test('only what differs is found, whatever the words of the schema', async context => {
  const backup = await imported(context)
  await using target = await createDatabase(14, 'TEMPLATE template0')
  await restore(target.url, backup, { mode: 'parallel' })
  // pg_dump has another version and other words than what reads it again.
  expect(await compare(backup, target.url)).toEqual([])
  await target.query(`SELECT setval('public.counter', 5); SELECT lo_put(801, 262144, 'X'); SELECT lo_unlink(804);
    SELECT lo_truncate(lo_open(803, 131072), 5); SELECT lo_from_bytea(805, 'x'); DELETE FROM public.keys WHERE k = 'k7'`)
  expect(await compare(backup, target.url)).toEqual([
    'large-object-differs large object 801',
    'large-object-differs large object 803',
    'large-object-differs large object 804',
    'large-object-differs large object 805',
    'rows-missing public.keys',
    'sequence-differs sequence public.counter',
  ])
})
