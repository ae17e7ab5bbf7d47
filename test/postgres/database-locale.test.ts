/** By what text is sorted is a property of the database, not of its contents: it is recorded, compared, and made again for a proof. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { createDatabaseProver } from '../../src/postgres/prove.ts'
import { countProgress } from '../fakes/segments.ts'
import { type Major, startServer, type TestServer } from '../support/postgres.ts'
import { THOROUGH } from '../support/thorough.ts'
import { backUp, restore, run } from './round-trip.ts'

const MAJORS: readonly Major[] = THOROUGH ? [15, 16, 17, 18] : [18]
const WORDS = `
  CREATE TABLE word (w text PRIMARY KEY);
  CREATE TABLE by_word (w text) PARTITION BY RANGE (w);
  CREATE TABLE by_word_1 PARTITION OF by_word FOR VALUES FROM ('a') TO ('b');
  CREATE TABLE by_word_2 PARTITION OF by_word FOR VALUES FROM ('b') TO ('z');
  INSERT INTO word VALUES ('b'), ('A'), ('a'); INSERT INTO by_word VALUES ('A'), ('a'), ('b')`
const ORDER = "SELECT string_agg(w, '' ORDER BY w) AS order FROM word"
const LOCALE = `SELECT to_jsonb(d) ->> 'datlocprovider' AS provider, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS name
  FROM pg_database d WHERE datname = current_database()`

describe.each(MAJORS)('on PostgreSQL %i', major => {
  let server: TestServer
  let backup: StoredBackup
  let count = 0

  beforeAll(async () => {
    server = await startServer(major)
    backup = await backUp(await make("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0", WORDS))
  }, 60_000)

  afterAll(async () => {
    await server.stop()
  })

  async function make(options: string, sql = ''): Promise<string> {
    const name = `d${count++}`
    await run(server.url(), `CREATE DATABASE ${name} ${options}`)
    if (sql !== '') await run(server.url(name), sql)
    return server.url(name)
  }

  async function prove(proved: StoredBackup) {
    const places: unknown[] = []
    const prover = createDatabaseProver({
      url: await make('TEMPLATE template0'),
      connectTimeout: 5_000,
      lanes: 1,
      disposable: true,
      confirm: undefined,
      assertions: [],
      restored: async url => {
        places.push(...(await run(url, LOCALE)))
      },
    })
    const { findings } = await prover.prove(proved, { progress: countProgress() }, new AbortController().signal)
    return { places, findings }
  }

  test('a backup of a database that ICU sorts is proved in one that ICU sorts', async () => {
    expect(await prove(backup)).toEqual({ places: [{ provider: 'i', name: 'en-US' }], findings: [] })
  })

  test('a target that sorts otherwise is warned of, with the database that would not', async () => {
    const rows = { ...backup, segments: backup.segments.filter(({ name }) => !name.includes('by_word')) }
    const { problems } = await restore(await make('TEMPLATE template0'), rows)
    const [warning] = problems
    expect(warning?.message).toBe('The source sorts text by ICU en-US, the target by C.UTF-8.')
    const statement = /CREATE DATABASE … (.*)$/.exec(warning?.hint ?? '')?.[1] ?? ''
    const url = await make(statement)
    expect((await restore(url, backup)).problems).toEqual([])
    expect(await run(url, ORDER)).toEqual([{ order: 'aAb' }])
  })

  test('a swap makes a database that is sorted as the one in whose place it comes', async () => {
    const url = await make("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0", 'CREATE TABLE t (i int)')
    expect((await restore(url, backup, { mode: 'swap' })).problems).toEqual([])
    expect(await run(url, LOCALE)).toEqual([{ provider: 'i', name: 'en-US' }])
  })

  test('where the system lacks the locale, ICU still sorts the proof, and the rest is told', async () => {
    const detail = { ...(backup.detail as object), collate: 'xx_YY.UTF-8', ctype: 'xx_YY.UTF-8' }
    const { places, findings } = await prove({ ...backup, detail })
    expect(places).toEqual([{ provider: 'i', name: 'en-US' }])
    expect(findings).toMatchObject([
      {
        code: 'locale-unavailable',
        subject: 'locale xx_YY.UTF-8',
        message: expect.stringContaining('so what ICU en-US does not decide was left to C: whether'),
      },
    ])
  })

  test('where rows have no place because the server lacks the locale, the backup is not to blame', async () => {
    const libc = { provider: 'libc', name: null, rules: null, version: null }
    const detail = { ...(backup.detail as object), collate: 'xx_YY.UTF-8', ctype: 'xx_YY.UTF-8', locale: libc }
    const { findings } = await prove({ ...backup, detail })
    expect(findings.map(({ code }) => code)).toEqual(['check-failed', 'locale-unavailable'])
  })

  test('a backup of an older version does not tell, and is restored and proved as before', async () => {
    const { locale: _, ...detail } = backup.detail as { readonly locale: unknown }
    const url = await make("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0")
    expect((await restore(url, { ...backup, detail })).problems).toEqual([])
  })
})

test('the locales that the server itself has are told apart from those of the system', async () => {
  const server = await startServer(18)
  try {
    await run(server.url(), "CREATE DATABASE own LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0")
    await run(
      server.url('own'),
      WORDS.replace(/CREATE TABLE by_word.*/s, "INSERT INTO word VALUES ('b'), ('A'), ('a')"),
    )
    const backup = await backUp(server.url('own'))
    const { problems } = await restore(await server.createDatabase('other'), backup)
    expect(problems).toMatchObject([
      { message: 'The source sorts text by C.UTF-8 of the server itself, the target by C.UTF-8.' },
    ])
  } finally {
    await server.stop()
  }
})
