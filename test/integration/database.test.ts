/** The whole way of a database: the built program, a real server, and back. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { BackupReport, ExportReport, ListReport, RestoreReport } from '../../src/report/report.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { createEverything } from '../fixtures/everything.ts'
import { type Workplace, workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { applyStockRecipe } from '../support/stock-recipe.ts'
import { hasTool, needTools } from '../support/stock-tool.ts'
import { MAJORS } from '../support/thorough.ts'

async function backup(place: Workplace, url: string, ...args: string[]) {
  const report = await place.json<BackupReport>(['backup', 'database', ...args], { env: { DATABASE_URL: url } })
  const [outcome] = report.backups
  if (outcome === undefined || outcome.status === 'failed') throw new Error('no backup')
  return outcome
}

describe.each(MAJORS)('a PostgreSQL %i database with one of everything', major => {
  let source: TestDatabase
  let before: Fingerprint
  let place: Workplace

  beforeAll(async () => {
    source = await createEverything(major)
    before = await fingerprint(source.url)
    place = workplace()
    await backup(place, source.url)
    return async () => {
      place[Symbol.dispose]()
      await source[Symbol.asyncDispose]()
    }
  })

  test('comes back equal into an empty database', async () => {
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    await place.json(['restore', 'database', 'latest', '--target-url', copy.url])
    expect(await fingerprint(copy.url)).toEqual(before)
  })

  test('comes back equal over a wrecked one, in one transaction', async () => {
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    await place.json(['restore', 'database', 'latest', '--target-url', copy.url])
    await copy.query(
      'DROP TABLE cb.child CASCADE; DELETE FROM cb.constraints; CREATE TABLE public.stray (id int); CREATE TYPE cb.stray AS (a int)',
    )
    const refused = await place.run(['restore', 'database', 'latest', '--mode', 'parallel', '--target-url', copy.url])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('--mode atomic')
    const over = ['restore', 'database', 'latest', '--target-url', copy.url]
    const wrecked = await fingerprint(copy.url)
    const plan = await place.json<RestorePlanReport>([...over, '--dry-run'])
    expect(plan).toMatchObject({ command: 'restore-plan', target: { database: copy.name, needsConfirmation: true } })
    expect((await place.run([...over, '--confirm', 'another'])).code).toBe(2)
    const unconfirmed = await place.run(over)
    expect(unconfirmed.code).toBe(2)
    expect(unconfirmed.stderr).toContain('--confirm NAME')
    expect(await fingerprint(copy.url)).toEqual(wrecked)
    await place.json([...over, '--confirm', copy.name])
    expect(await fingerprint(copy.url)).toEqual(before)
  })

  test('comes back equal by openssl, gunzip and psql alone', async context => {
    needTools(context, 'psql', 'openssl', 'gunzip')
    const list = await place.json<ListReport>(['list'])
    const full = list.backups.find(({ stock, purpose }) => stock && purpose !== 'safety')
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    await applyStockRecipe(join(place.folder, 'backups', 'database', full?.id ?? ''), copy.url)
    expect(await fingerprint(copy.url)).toEqual(before)
  })

  test('comes back equal from a backup that leans on an older one, and from its export', async () => {
    const second = await backup(place, source.url)
    expect(second).toMatchObject({ full: false, stock: false })
    expect(second.bytes.new).toBeLessThan(0.05 * second.bytes.read)
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    await place.json(['restore', 'database', second.id, '--target-url', copy.url])
    expect(await fingerprint(copy.url)).toEqual(before)

    const exported = await place.json<ExportReport>(['export', 'database', second.id, '--into', 'exported'])
    expect(exported.files.length).toBeGreaterThan(2)
    await using again = await createDatabase(major, 'TEMPLATE template0')
    await place.json(['restore', 'database', 'latest', '--store', 'file:exported', '--target-url', again.url])
    expect(await fingerprint(again.url)).toEqual(before)
    if (!hasTool('psql')) return
    await using byHand = await createDatabase(major, 'TEMPLATE template0')
    await applyStockRecipe(join(place.folder, 'exported', 'database', second.id), byHand.url)
    expect(await fingerprint(byHand.url)).toEqual(before)
  })

  test('schema-only leaves the rows out', async () => {
    using other = workplace()
    await backup(other, source.url, '--schema-only')
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    const report = await other.json<RestoreReport>(['restore', 'database', 'latest', '--target-url', copy.url])
    expect(report.problems.map(({ message }) => message).join()).toContain('schema-only')
    const after = await fingerprint(copy.url)
    expect(Object.values(after.rows).filter(digest => /^[1-9]\d* [0-9a-f]{32}$/.test(digest))).toEqual([])
    expect(after.schema).toContain('CREATE TABLE')
  })

  test('leaves no trace of names or contents in the clear', () => {
    const folders = join(place.folder, 'backups', 'database')
    const files = readdirSync(folders).flatMap(id => readdirSync(join(folders, id)))
    const ours = /^(\d\d-(schema|data)-\d{4}\.sql\.gz\.enc|index\.gz\.enc|manifest\.json)$/
    expect(files.filter(file => !ours.test(file) && file !== '.backup_key')).toEqual([])
  })
})
