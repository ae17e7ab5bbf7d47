/** A dump that pg_dump wrote, gzip compressed and openssl encrypted, comes back whole. */
import { beforeEach, expect, test } from 'vitest'
import type { ImportReport } from '../../src/report/import-report.ts'
import type { ListReport, RestoreReport } from '../../src/report/report.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { createEverything } from '../fixtures/everything.ts'
import { createDatabase } from '../support/database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { needTools } from '../support/stock-tool.ts'
import { THOROUGH } from '../support/thorough.ts'
import { dump, oldPlace } from './old-files.ts'

beforeEach(context => needTools(context, 'pg_dump', 'openssl', 'gzip'))

/** Milliseconds. Much is made, dumped, compared and made again. */
const LONG = 180_000

const NAME = 'database_20260501_020000.sql.gz.enc'
const IMPORT = { verb: 'import', components: ['database'] } as const
const RESTORE = { verb: 'restore', component: 'database' } as const

const DUMPS: readonly (readonly [what: string, args: readonly string[]])[] = [
  ['as the scripts made it', []],
  ['with the statements that clean up before it', ['--clean', '--if-exists']],
]

test.each(DUMPS.slice(THOROUGH ? 0 : -1))(
  'one of everything, %s, is the same after an import and a restore into an empty database',
  async (_, args) => {
    await using source = await createEverything(14)
    using place = oldPlace()
    place.write(`database/${NAME}`, dump(source.url, ...args))
    const report = await place.run<ImportReport>(IMPORT)
    expect(report.files).toMatchObject([{ status: 'imported', file: NAME, time: '2026-05-01T02:00:00.000Z' }])
    const before = await fingerprint(source.url)
    await using target = await createDatabase(14, 'TEMPLATE template0')
    const restored = await place.run<RestoreReport>({ ...RESTORE, at: '2026-05-01' }, { targetUrl: target.url })
    expect(restored.id).toMatch(/^20260501T020000Z-/)
    const after = await fingerprint(target.url)
    expect(after.rows).toEqual(before.rows)
    expect(after.schema).toBe(before.schema)
  },
  LONG,
)

test(
  'it is restored from its folder over a database that holds something else, in one transaction',
  async () => {
    await using source = await createEverything(14)
    using place = oldPlace()
    place.write(`database/${NAME}`, dump(source.url))
    const before = await fingerprint(source.url)
    await using target = await createDatabase(14, 'TEMPLATE template0')
    await target.query(
      'CREATE SCHEMA cb; CREATE TABLE cb.mine (i int); SELECT lo_from_bytea(99, $1)'.replace('$1', "'x'"),
    )
    const to = { targetUrl: target.url, confirm: target.name, mode: 'atomic' }
    const given = { ...to, store: 'old:./tmp/backups', safetyStore: 'file:./safety' }
    const plan = await place.run<RestorePlanReport>({ ...RESTORE, at: NAME }, { ...given, dryRun: 'true' })
    expect(plan).toMatchObject({
      command: 'restore-plan',
      time: '2026-05-01T02:00:00.000Z',
      store: 'old:./tmp/backups',
      safety: { wanted: true },
      target: { mode: 'atomic' },
    })
    const restored = await place.run<RestoreReport>({ ...RESTORE, at: 'latest' }, given)
    expect(restored.summary[0]).toContain(NAME)
    expect(restored.problems[0]?.message).toContain('no authentication')
    const after = await fingerprint(target.url)
    expect(after.rows).toEqual(before.rows)
    expect(after.schema).toBe(before.schema)
    const { backups } = await place.run<ListReport>(
      { verb: 'list', components: ['database'] },
      { store: 'file:./safety' },
    )
    expect(backups).toMatchObject([{ status: 'complete', id: restored.safety?.id }])
  },
  LONG,
)
