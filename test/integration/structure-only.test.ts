/** Backups of less than everything through the whole program: they are told as such, and come back only when they are asked for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import type { Command } from '../../src/job-context.ts'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { createDatabase } from '../support/database.ts'
import { type Given, jobIn } from '../support/job.ts'

/** Milliseconds: each of the runs derives its keys with as many iterations as anybody's. */
const LONG = 240_000

test('a full backup now and then and the structure daily: latest brings the rows, and says what it passes over', {
  timeout: LONG,
}, async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'comeback-structure-'))
  const events: ProgressEvent[] = []
  const progress = (event: ProgressEvent) => void events.push(event)
  const job = (command: Command, given: Given = {}) => jobIn(cwd, command, given, { progress })
  const ids: string[] = []
  try {
    await using source = await createDatabase(18)
    await source.query('CREATE TABLE users (i int); CREATE TABLE logs (i int); INSERT INTO users VALUES (7)')
    await source.query('INSERT INTO logs SELECT generate_series(1, 100)')
    for (const given of [{}, { excludeTableData: 'logs' }, { schemaOnly: 'true' }] as const) {
      const made = await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url, ...given })
      const [outcome] = (made as BackupReport).backups
      if (outcome?.status !== 'complete') throw new Error('The backup failed.')
      ids.push(outcome.id)
    }
    const listed = (await job({ verb: 'list', components: ['database'] })) as ListReport
    expect(listed.backups.map(({ holds }) => holds)).toEqual(['structure', 'some-rows', undefined])
    const status = await job({ verb: 'status', components: ['database'] }, { maxAge: '1h' })
    expect(status).toMatchObject({
      components: [{ last: { id: ids[0] }, since: [{ status: 'structure' }, { status: 'some-rows' }] }],
    })

    await using target = await createDatabase(18)
    await job({ verb: 'restore', component: 'database', at: 'latest' }, { targetUrl: target.url })
    expect(await target.query('SELECT i FROM users')).toEqual([{ i: 7 }])
    const warnings = events.flatMap(event => (event.type === 'warning' ? [event.message] : [])).join('\n')
    expect(warnings).toContain(`${ids[2]} holds the structure alone`)
    expect(warnings).toContain(`${ids[1]} lacks the rows of some tables`)

    await using other = await createDatabase(18)
    await job({ verb: 'restore', component: 'database', at: ids[2] ?? '' }, { targetUrl: other.url })
    expect(await other.query('SELECT i FROM users')).toEqual([])
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
})
