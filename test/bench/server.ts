/**
 * A server that a native pg_dump can dump: Debian's own where it is installed (its client is of the same major), otherwise
 * the one from npm whose major the client on PATH is not older than.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Major, startServer, startServerFrom } from '../support/postgres.ts'

const DEBIAN = '/usr/lib/postgresql'
/** Besides those of a test server, where nothing is durable: so disks don't blur what is compared. */
const SETTINGS = { autovacuum: 'off', max_wal_size: '4GB', shared_buffers: '256MB' }

export interface BenchServer {
  /** For people: which server, which client programs. */
  readonly description: string
  /** pg_dump and pg_restore that can read it; undefined where there are none. */
  readonly programs: { readonly dump: string; readonly restore: string } | undefined
  url(database: string): string
  /** An empty database, replacing one of that name. */
  createDatabase(name: string): Promise<string>
  dropDatabase(name: string): Promise<void>
  stop(): Promise<void>
}

export async function startBenchServer(): Promise<BenchServer> {
  const debian = newestDebian()
  if (debian !== undefined) {
    const programs = { dump: join(debian, 'pg_dump'), restore: join(debian, 'pg_restore') }
    return withDatabases(
      { ...(await startServerFrom(debian, SETTINGS)), programs },
      `${version(join(debian, 'postgres'))}, its own client`,
    )
  }
  const client = clientOnPath()
  const major: Major = client !== undefined && client.major < 18 ? 14 : 18
  const server = await startServer(major, SETTINGS)
  const usable = client !== undefined && client.major >= major
  return withDatabases(
    {
      url: server.url,
      stop: server.stop,
      programs: usable ? { dump: 'pg_dump', restore: 'pg_restore' } : undefined,
    },
    `PostgreSQL ${major}; ${usable ? client.text : 'no pg_dump on PATH that could dump it'}`,
  )
}

type Running = Pick<BenchServer, 'url' | 'stop' | 'programs'>

function withDatabases(running: Running, description: string): BenchServer {
  const admin = async (...statements: readonly string[]) => {
    const client = new pg.Client({ connectionString: running.url('postgres') })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  return {
    ...running,
    description,
    async createDatabase(name) {
      await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `CREATE DATABASE ${name} TEMPLATE template0`)
      return running.url(name)
    },
    dropDatabase: name => admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

function newestDebian(): string | undefined {
  const majors = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isInteger) : []
  return majors
    .sort((a, b) => b - a)
    .map(major => join(DEBIAN, String(major), 'bin'))
    .find(bin => existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'pg_dump')))
}

function clientOnPath(): { readonly major: number; readonly text: string } | undefined {
  const { status, stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  const major = Number(/(\d+)/.exec(stdout ?? '')?.[1])
  return status === 0 && Number.isInteger(major) ? { major, text: stdout.trim() } : undefined
}

function version(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
}
