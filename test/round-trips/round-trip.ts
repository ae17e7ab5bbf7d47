/** One input on one server, as one role: backed up once, and brought back in every way. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { asComebackError } from '../../src/errors.ts'
import { parseDatabaseDetail } from '../../src/postgres/detail.ts'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import type { BackupReport, RestoreReport } from '../../src/report/report.ts'
import type { VerifyReport } from '../../src/report/verify-report.ts'
import { collectSegments } from '../fakes/segments.ts'
import { jobIn } from '../support/job.ts'
import { applyStockRecipe } from '../support/stock-recipe.ts'
import { type Contents, contentsOf, copyByPgDump, differences } from './contents.ts'
import type { Input } from './inputs.ts'
import type { RoundTripServer } from './servers.ts'

export const WAYS = ['parallel', 'atomic', 'swap', 'stock', 'proof'] as const
export type Way = (typeof WAYS)[number]

export const ROLES = ['superuser', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** In words: `same`, `same but 1 listed`, `verified`, or what went wrong. */
export type Outcomes = Readonly<Record<Way, string>>

const OWNER = 'round_trip_owner'

/** Roles that the inputs name. */
export async function createRoles(server: RoundTripServer): Promise<void> {
  await run(
    server.url(),
    `CREATE ROLE ${OWNER} LOGIN CREATEDB PASSWORD 'secret'; CREATE ROLE round_trip_anon; GRANT pg_monitor TO ${OWNER}`,
  )
}

/** The server, and which pg_dump an engine in this place takes for it. */
export async function described(
  server: RoundTripServer,
): Promise<{ readonly server: string; readonly client: string }> {
  const { rows } = await run(server.url(), 'SHOW server_version')
  const source = createDatabaseSource({
    url: server.url(),
    connectTimeout: 10_000,
    lanes: 1,
    schemaOnly: true,
    excludeTableData: [],
    pgDump: server.client,
  })
  const { detail } = await source.read(collectSegments(), new AbortController().signal)
  return { server: `PostgreSQL ${rows[0]?.server_version}`, client: parseDatabaseDetail(detail).pgDump }
}

export async function roundTrip(server: RoundTripServer, input: Input, role: Role): Promise<Outcomes> {
  const cwd = mkdtempSync(join(tmpdir(), 'comeback-round-trip-'))
  const trip = new Trip(server, role, cwd)
  try {
    const source = await trip.database()
    await run(source, input.sql)
    const [backup] = ((await trip.job('backup', { databaseUrl: source })) as BackupReport).backups
    if (backup?.status !== 'complete' && backup?.status !== 'partial') {
      const error = 'no backup'
      return { parallel: error, atomic: error, swap: error, stock: error, proof: error }
    }
    const reference = await trip.database()
    copyByPgDump(server, source, reference)
    const same = [await contentsOf(server, source), await contentsOf(server, reference)]
    const restored = (mode: string, target: string) => trip.restore(mode, target, same)
    return {
      parallel: await restored('parallel', await trip.database()),
      // Over the very database that was backed up.
      atomic: await restored('atomic', source),
      swap: await restored('swap', reference),
      stock: await trip.stock(backup.id, input, same),
      proof: await trip.proof(),
    }
  } finally {
    await trip.clear()
    rmSync(cwd, { recursive: true, force: true })
  }
}

class Trip {
  readonly #server: RoundTripServer
  readonly #role: Role
  readonly #cwd: string
  readonly #databases: string[] = []

  constructor(server: RoundTripServer, role: Role, cwd: string) {
    this.#server = server
    this.#role = role
    this.#cwd = cwd
  }

  /** A new, empty one, of the role. */
  async database(): Promise<string> {
    const name = `trip_${crypto.randomUUID().slice(0, 8)}`
    const owner = this.#role === 'owner' ? OWNER : superuserOf(this.#server)
    await run(this.#server.url(), `CREATE DATABASE ${name} OWNER "${owner}" TEMPLATE template0`)
    this.#databases.push(name)
    const url = new URL(this.#server.url(name))
    if (this.#role === 'owner') Object.assign(url, { username: OWNER, password: 'secret' })
    return url.href
  }

  async job(verb: 'backup' | 'verify', given: Readonly<Record<string, string>>) {
    const { client: pgDump } = this.#server
    return await jobIn(this.#cwd, { verb, components: ['database'] }, { pgDump, ...given })
  }

  async restore(mode: string, target: string, same: readonly Contents[]): Promise<string> {
    const name = new URL(target).pathname.slice(1)
    const given = { targetUrl: target, mode, confirm: name, noSafetyBackup: 'true', tolerate: 'true' }
    try {
      const command = { verb: 'restore', component: 'database', at: 'latest' } as const
      const report = (await jobIn(this.#cwd, command, given)) as RestoreReport
      const amiss = report.unmade?.length ?? 0
      return amiss === 0 ? this.#compared(target, same) : `${await this.#rows(target, same)} but ${amiss} listed`
    } catch (error) {
      const { code, message } = asComebackError(error)
      return `${code}: ${message}`
    }
  }

  /** As `pg_dump | psql` would: what an error ends is another matter, so they are borne where there must be some. */
  async stock(id: string, input: Input, same: readonly Contents[]): Promise<string> {
    const target = await this.database()
    const folder = join(this.#cwd, 'backups', 'database', id)
    try {
      await applyStockRecipe(folder, target, { psql: this.#server.psql, stopOnError: input.amiss === 0 })
    } catch (error) {
      return error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)
    }
    return input.amiss === 0 ? this.#compared(target, same) : await this.#rows(target, same)
  }

  async proof(): Promise<string> {
    const { pathname } = new URL(await this.database())
    const url = Object.assign(new URL(this.#server.url()), { pathname })
    const report = (await this.job('verify', { targetUrl: url.href, disposable: 'true' })) as VerifyReport
    const [outcome] = report.proofs
    const findings = outcome?.findings.map(({ code, subject }) => `${code} ${subject}`) ?? []
    return [outcome?.verdict ?? 'no proof', ...findings.toSorted().slice(0, 3)].join(', ')
  }

  async clear(): Promise<void> {
    const { rows } = await run(this.#server.url(), 'SELECT datname FROM pg_database WHERE NOT datistemplate')
    for (const { datname } of rows as { datname: string }[]) {
      if (this.#databases.some(name => datname.startsWith(name))) {
        await run(this.#server.url(), `DROP DATABASE "${datname}" WITH (FORCE)`)
      }
    }
  }

  async #compared(target: string, same: readonly Contents[]): Promise<string> {
    const now = await contentsOf(this.#server, target)
    const found = same.map(contents => differences(contents, now)).toSorted((a, b) => a.length - b.length)[0] ?? []
    return found.length === 0 ? 'same' : `differs: ${found.slice(0, 3).join('; ')}`
  }

  async #rows(target: string, same: readonly Contents[]): Promise<string> {
    const now = await contentsOf(this.#server, target)
    const isSame = same.some(({ rows }) => Object.entries(rows).every(([name, digest]) => now.rows[name] === digest))
    return isSame ? 'same rows' : 'other rows'
  }
}

function superuserOf(server: RoundTripServer): string {
  return decodeURIComponent(new URL(server.url()).username)
}

async function run(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
