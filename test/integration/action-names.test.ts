/** Names of a database stay out of what everyone may read, the whole way of the Action, in what went wrong, too. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { startRunner } from '../support/action.ts'
import { createDatabase } from '../support/database.ts'
import { startGitHub } from '../support/github/github.ts'

const plain = (markdown: string) =>
  markdown.replace(/&#(\d+);/g, (_, sign: string) => String.fromCharCode(Number(sign)))

test('a summary and its annotations name no table, role or database, unless that is asked for; the log does', async () => {
  await using github = await startGitHub()
  using runner = startRunner(github)
  await using source = await createDatabase(18)
  await using target = await createDatabase(18)
  const role = `clerk_${randomBytes(4).toString('hex')}`
  await source.query(`CREATE ROLE ${role}`)
  await source.query('CREATE TABLE customers (id int PRIMARY KEY)')
  await source.query('CREATE TABLE "my orders" (id int PRIMARY KEY, customer int REFERENCES customers)')
  await source.query(`GRANT SELECT ON "my orders" TO ${role}`)
  await runner.report({ component: 'database', 'database-url': source.url })
  await source.query(`REVOKE ALL ON "my orders" FROM ${role}`)
  await source.query(`DROP ROLE ${role}`)

  const restore = { command: 'restore', component: 'database', 'target-url': target.url, tables: '"my orders"' }
  const names = new RegExp(`customers|my orders|${role}|${new URL(target.url).pathname.slice(1)}`)
  const told = await runner.run({ ...restore, 'dry-run': 'true' })
  const result = await runner.run(restore)
  for (const { code, summary, annotations, stdout } of [told, result]) {
    expect(code, stdout).toBe(0)
    expect(annotations).not.toEqual([])
    expect(`${plain(summary)}${annotations.map(({ text, title }) => `${title}\n${text}`).join('\n')}`).not.toMatch(
      names,
    )
    expect(summary).toContain('summary-details: true')
    expect(stdout).toMatch(names)
  }

  const refused = { ...restore, tables: '', confirm: 'somebody-elses' }
  const { summary, annotations, stdout } = await runner.run(refused)
  expect(stdout).toMatch(names)
  expect(annotations).not.toEqual([])
  expect(plain(summary) + annotations.map(({ text }) => text).join('\n')).not.toMatch(names)
  const open = await runner.run({ ...refused, 'summary-details': 'true' })
  expect(plain(open.summary)).toMatch(names)
  expect(open.summary).not.toContain('summary-details')
})
