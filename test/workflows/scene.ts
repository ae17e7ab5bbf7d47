/** A repository with its secrets, on the stand-in for GitHub, whose workflows can be run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { expect, inject } from 'vitest'
import { TEST_KEY } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'
import type { Service } from '../support/workflow/definition.ts'
import type { PullRequest } from '../support/workflow/event.ts'
import { type Event, runWorkflow, type WorkflowResult, type WorkflowRun } from '../support/workflow-runner.ts'

const ROOT = resolve(import.meta.dirname, '../..')

export interface Repository extends AsyncDisposable {
  readonly github: GitHub
  /** What a checkout gets. */
  readonly checkout: string
  /** `backup.yml`, or the path of a workflow that lies elsewhere. */
  run(workflow: string, event: Event, options?: Partial<WorkflowRun>): Promise<WorkflowResult>
}

export async function startRepository(
  secrets: Readonly<Record<string, string>>,
  options?: GitHubOptions,
): Promise<Repository> {
  const github = await startGitHub(options)
  const checkout = mkdtempSync(join(tmpdir(), 'comeback-repository-'))
  mkdirSync(join(checkout, 'public'))
  writeFileSync(join(checkout, 'public', 'logo.svg'), '<svg/>\n')
  writeFileSync(join(checkout, 'app.ini'), 'workers = 4\n')
  return {
    github,
    checkout,
    run(workflow, event, more = {}) {
      const name = event.name === 'workflow_call' ? event.caller.name : event.name
      return runWorkflow({
        file: resolve(ROOT, '.github/workflows', workflow),
        event,
        variables: github.environment(github.newRun({ event: name })),
        token: github.token,
        checkout,
        ...more,
        secrets: { COMEBACK_KEY: TEST_KEY, ...secrets, ...more.secrets },
      })
    },
    async [Symbol.asyncDispose]() {
      rmSync(checkout, { recursive: true, force: true })
      await github[Symbol.asyncDispose]()
    },
  }
}

/** What init writes, when somebody has taken out the # before the lines about pull requests. */
export function gated(text: string): string {
  return text.replaceAll(/^( *)# (pull_request:| {2}paths:|setup:|migrate:|assertions:)/gm, '$1$2')
}

/** The conclusion, with the log where it is another than expected. */
export function expectConclusion({ conclusion, log }: WorkflowResult, expected: WorkflowResult['conclusion']): void {
  expect(conclusion, log).toBe(expected)
}

/** `backup.yml` at its first cron. */
export const BACKUP = { name: 'schedule', cron: '17 2 * * *' } as const
/** `verify.yml` at its own. */
export const WEEKLY = { name: 'schedule', cron: '27 4 * * 1' } as const
export const PULL: PullRequest = {
  name: 'pull_request',
  number: 7,
  branch: 'rename-guests',
  sha: 'a'.repeat(40),
  changed: ['migrations/1.sql'],
}

/** Records of proofs in the store. */
export const proofs = ({ github }: Repository) => github.artifacts.filter(({ name }) => name.includes('~proof-'))

export async function guests(rows: readonly string[]): Promise<TestDatabase> {
  const database = await createDatabase(18)
  await database.query('CREATE TABLE guest (id int PRIMARY KEY, name text)')
  for (const [id, name] of rows.entries()) await database.query('INSERT INTO guest VALUES ($1, $2)', [id, name])
  return database
}

/** A repository whose database has been backed up, and a service for its proofs. */
export async function backedUp(secrets: Readonly<Record<string, string>> = {}) {
  const source = await guests(['Ada', 'Grace'])
  const service = postgresService()
  const repository = await startRepository({ DATABASE_URL: source.url, ...secrets })
  expectConclusion(await repository.run('backup.yml', BACKUP), 'success')
  return {
    source,
    service,
    repository,
    verify: (event: Parameters<Repository['run']>[1], options = {}) =>
      repository.run('verify.yml', event, { startService: service.start, ...options }),
    async [Symbol.asyncDispose]() {
      await repository[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await source[Symbol.asyncDispose]()
    },
  }
}

/** What a migration tool does: the file's statements, over `DATABASE_URL`. Returns the command. */
export function plantMigration(checkout: string, sql: string): string {
  mkdirSync(join(checkout, 'migrations'), { recursive: true })
  writeFileSync(join(checkout, 'migrations', '1.sql'), sql)
  const client = JSON.stringify(pathToFileURL(join(ROOT, 'node_modules/pg/esm/index.mjs')).href)
  writeFileSync(
    join(checkout, 'migrate.mjs'),
    `import { readFileSync } from 'node:fs'
import pg from ${client}
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query(readFileSync('migrations/1.sql', 'utf8'))
await client.end()
`,
  )
  return 'node migrate.mjs'
}

export interface PostgresService extends AsyncDisposable {
  start(service: Service): Promise<Readonly<Record<string, string>>>
  query(sql: string): Promise<Record<string, unknown>[]>
}

/** Does on the shared server what the image does on its own: it makes the user and the database that its variables name. */
export function postgresService(): PostgresService {
  const admin = new URL(inject('postgres18'))
  let own: { user: string; database: string; url: string; turn: pg.Client } | undefined
  async function stop(): Promise<void> {
    if (own === undefined) return
    await query(admin.href, `DROP DATABASE ${own.database} WITH (FORCE)`)
    await query(admin.href, `DROP ROLE ${own.user}`)
    await own.turn.end()
    own = undefined
  }
  return {
    async start({ image, env = {} }) {
      if (image !== 'postgres:18') throw new Error(`There is no ${image} here.`)
      await stop()
      const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = env
      const url = new URL(admin)
      url.username = `${user}`
      url.password = `${password}`
      url.pathname = `/${database}`
      // The workflow says how they are called, and test files run side by side on one server: one after the other.
      const turn = new pg.Client({ connectionString: admin.href })
      await turn.connect()
      await turn.query('SELECT pg_advisory_lock(20261125)')
      own = { user: `${user}`, database: `${database}`, url: url.href, turn }
      await query(admin.href, `CREATE ROLE ${user} SUPERUSER LOGIN PASSWORD '${password}'`)
      await query(admin.href, `CREATE DATABASE ${database} OWNER ${user}`)
      return { '5432': admin.port }
    },
    async query(sql) {
      if (own === undefined) throw new Error('The service has not started.')
      return query(own.url, sql)
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
