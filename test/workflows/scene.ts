/** A repository with its secrets, on the stand-in for GitHub, whose workflows can be run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { TEST_KEY } from '../support/cli.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'
import type { Service } from '../support/workflow/definition.ts'
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

export interface PostgresService extends AsyncDisposable {
  start(service: Service): Promise<Readonly<Record<string, string>>>
  query(sql: string): Promise<Record<string, unknown>[]>
}

/** Does on the shared server what the image does on its own: it makes the user and the database that its variables name. */
export function postgresService(): PostgresService {
  const admin = new URL(inject('postgres18'))
  let own: { user: string; database: string; url: string } | undefined
  return {
    async start({ image, env = {} }) {
      if (image !== 'postgres:18') throw new Error(`There is no ${image} here.`)
      const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = env
      const url = new URL(admin)
      url.username = `${user}`
      url.password = `${password}`
      url.pathname = `/${database}`
      own = { user: `${user}`, database: `${database}`, url: url.href }
      await query(admin.href, `CREATE ROLE ${user} SUPERUSER LOGIN PASSWORD '${password}'`)
      await query(admin.href, `CREATE DATABASE ${database} OWNER ${user}`)
      return { '5432': admin.port }
    },
    async query(sql) {
      if (own === undefined) throw new Error('The service has not started.')
      return query(own.url, sql)
    },
    async [Symbol.asyncDispose]() {
      if (own === undefined) return
      await query(admin.href, `DROP DATABASE ${own.database} WITH (FORCE)`)
      await query(admin.href, `DROP ROLE ${own.user}`)
    },
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
