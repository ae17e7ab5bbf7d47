/** What a restore does without: by the built programs, with what they print and their exit codes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RestoreReport } from '../../src/report/report.ts'
import { startRunner } from '../support/action.ts'
import { workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startGitHub } from '../support/github/github.ts'

/** Milliseconds: each of the runs derives its keys with as many iterations as anybody's. */
const LONG = 240_000

describe('a database with a foreign key that its rows break', () => {
  let source: TestDatabase
  beforeAll(async () => {
    source = await createDatabase(18)
    await source.query(`CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (parent int CONSTRAINT fk REFERENCES parent);
      SET session_replication_role = replica; INSERT INTO child VALUES (7)`)
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('is restored by the command line with --tolerate, in one transaction, and exit code 3', {
    timeout: LONG,
  }, async () => {
    using place = workplace()
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE before (i int)')
    expect((await place.run(['backup', 'database'], { DATABASE_URL: source.url })).code).toBe(0)
    const over = [
      'restore',
      'database',
      'latest',
      '--mode',
      'atomic',
      '--target-url',
      target.url,
      '--confirm',
      target.name,
      '--no-safety-backup',
    ]
    const refused = await place.run(over)
    expect(refused.code, refused.stdout).toBe(1)
    expect(refused.stdout + refused.stderr).toContain('--tolerate')
    expect(await target.query('SELECT * FROM before')).toEqual([])

    const told = await place.run([...over, '--tolerate'])
    expect(told.code, told.stderr).toBe(3)
    expect(told.stdout + told.stderr).toContain('Holds for new rows alone: FK CONSTRAINT public.child fk')
    expect(told.stdout + told.stderr).toContain('ALTER TABLE public.child VALIDATE CONSTRAINT fk;')
    const report = await place.json<RestoreReport>([...over, '--tolerate'], { code: 3 })
    expect(report.unmade).toMatchObject([{ entry: 'FK CONSTRAINT public.child fk', outcome: 'not-valid' }])
    expect(await target.query('SELECT parent FROM child')).toEqual([{ parent: 7 }])
  })

  test('is restored by the Action with tolerate, and exit code 3', { timeout: LONG }, async () => {
    await using github = await startGitHub()
    using runner = startRunner(github)
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE before (i int)')
    const common = { component: 'database' }
    const made = await runner.run({ ...common, 'database-url': source.url })
    expect(made.code, made.stdout).toBe(0)
    const over = {
      ...common,
      command: 'restore',
      mode: 'atomic',
      'target-url': target.url,
      confirm: target.name,
      'no-safety-backup': 'true',
    }
    const refused = await runner.run(over)
    expect(refused.code, refused.stdout).toBe(1)
    const told = await runner.run({ ...over, tolerate: 'true', 'summary-details': 'true' })
    expect(told.code, told.stdout).toBe(3)
    expect(told.summary).toContain('VALIDATE CONSTRAINT')
    expect(JSON.stringify(told.annotations)).toContain('Holds for new rows alone')
    expect(await target.query('SELECT parent FROM child')).toEqual([{ parent: 7 }])
  })
})
