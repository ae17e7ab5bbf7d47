/** A part of a backup through the whole program: what the plan says beforehand, and what becomes of the target. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Command } from '../../src/job-context.ts'
import type { RestoreReport } from '../../src/report/report.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { createDatabase } from '../support/database.ts'
import { type Given, jobIn } from '../support/job.ts'

/** Milliseconds: each of the runs derives its keys with as many iterations as anybody's. */
const LONG = 240_000

test('a plan says whether it is over the own source; chosen rows come back, the rest stays', {
  timeout: LONG,
}, async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'comeback-selective-'))
  const job = (command: Command, given: Given) => jobIn(cwd, command, given)
  const restoring = { verb: 'restore', component: 'database', at: 'latest' } as const
  try {
    await using source = await createDatabase(18)
    await source.query(
      'CREATE TABLE a (i int); CREATE TABLE b (i int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)',
    )
    await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
    await source.query('UPDATE a SET i = 2; UPDATE b SET i = 2')

    const over = { databaseUrl: source.url, tables: 'a', dataOnly: 'true' }
    const own = (await job(restoring, { ...over, dryRun: 'true' })) as RestorePlanReport
    expect(own).toMatchObject({
      ownSource: true,
      confirm: source.name,
      target: { chosen: 'tables a; rows alone', madeFrom: { database: source.name }, mode: 'atomic' },
    })
    await using other = await createDatabase(18)
    const elsewhere = (await job(restoring, { targetUrl: other.url, dryRun: 'true' })) as RestorePlanReport
    expect(elsewhere).toMatchObject({ ownSource: false, target: { madeFrom: { database: source.name } } })

    const done = (await job(restoring, { ...over, confirm: source.name })) as RestoreReport
    expect(done.safety?.undo).toContain('--undo')
    expect(await source.query('SELECT a.i AS a, b.i AS b FROM a, b')).toEqual([{ a: 1, b: 2 }])
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
})
