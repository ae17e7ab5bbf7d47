/** Restores and proofs that fail over rows: none of the rows stands in anything that the built programs print, write or post. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { startRunner } from '../support/action.ts'
import { workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startGitHub } from '../support/github/github.ts'

const VALUE = 'zqmarker 4242137'

/** By what keeps the rows out: a database that took them, and would not take them now. */
const SOURCES: Readonly<Record<string, string>> = {
  'while they are loaded': `
    CREATE FUNCTION public.f(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
    CREATE TABLE t (v text CHECK (public.f(v))); INSERT INTO t VALUES ('${VALUE}');
    CREATE OR REPLACE FUNCTION public.f(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v::jsonb IS NULL; END'`,
  'by an index': `
    CREATE TABLE t (v text, i int); INSERT INTO t VALUES ('${VALUE}', 1), ('${VALUE}', 2);
    CREATE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v || i::text;
    CREATE UNIQUE INDEX t_key ON t (public.f(v, i));
    CREATE OR REPLACE FUNCTION public.f(v text, i int) RETURNS text IMMUTABLE RETURN v`,
}

function withoutRows(said: string): void {
  expect(said).not.toMatch(/zqmarker|4242137/)
}

/** All files of a folder but the backups, which are sealed. */
function filesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(file => file.isFile())
    .map(file => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n')
}

describe.each(Object.entries(SOURCES))('rows that are refused %s', (_, sql) => {
  let source: TestDatabase
  beforeAll(async () => {
    source = await createDatabase(18)
    await source.query(sql)
    return () => source[Symbol.asyncDispose]()
  })

  test('stand in nothing that the terminal and the log get', async () => {
    using place = workplace()
    await using target = await createDatabase(18)
    const runs = [
      ['backup', 'database'],
      ['verify', 'database', '--disposable', '--target-url', target.url, '--confirm', target.name],
      ['restore', 'database', 'latest', '--mode', 'atomic', '--target-url', target.url],
      ['restore', 'database', 'latest', '--target-url', target.url, '--json'],
      ['report', '--html', 'report.html'],
    ]
    const results = []
    for (const args of runs) results.push(await place.run(args, { DATABASE_URL: source.url }))
    // Refused for the rows, and not for how it was asked.
    expect(results.map(({ code }) => code)).not.toContain(2)
    expect(results.slice(2).some(({ code }) => code !== 0)).toBe(true)
    withoutRows(JSON.stringify(results))
    const files = filesIn(place.folder)
    expect(files).toContain('comeback')
    withoutRows(files)
  })

  test('stand in no log, annotation, summary, comment or issue of the Action', async () => {
    await using github = await startGitHub()
    using runner = startRunner(github)
    await using target = await createDatabase(18)
    const url = { 'target-url': target.url, component: 'database' }
    const results = [
      await runner.run({ 'database-url': source.url, component: 'database' }),
      await runner.run({
        ...url,
        command: 'verify',
        disposable: 'true',
        confirm: target.name,
        'summary-details': 'true',
      }),
      await runner.run({ ...url, command: 'restore', mode: 'atomic', 'summary-details': 'true' }),
      await runner.run({ ...url, command: 'restore', 'summary-details': 'true' }),
    ]
    expect(results[0]?.code, results[0]?.stdout).toBe(0)
    // Refused for the rows, and not for how it was asked.
    expect(results.map(({ code }) => code)).not.toContain(2)
    expect(results.slice(2).some(({ code }) => code !== 0)).toBe(true)
    withoutRows(JSON.stringify(results))
    withoutRows(JSON.stringify([github.issues, github.checkRuns, github.requests]))
    withoutRows(filesIn(runner.temporary) + filesIn(runner.workspace))
  })
})
