/**
 * A server that a native pg_dump can dump: Debian's own where it is installed (its client is of the same major), otherwise
 * the one from npm whose major the client on PATH is not older than.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Major, startServer } from '../support/postgres.ts'

const DEBIAN = '/usr/lib/postgresql'
const NOBODY = 65534
/** Nothing is durable, so that disks don't blur what is compared; everything else is as it comes. */
const SETTINGS = {
  fsync: 'off',
  max_connections: '40',
  autovacuum: 'off',
  max_wal_size: '4GB',
  shared_buffers: '256MB',
}

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
      { ...(await startDebian(debian)), programs },
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

async function startDebian(bin: string): Promise<Pick<BenchServer, 'url' | 'stop'>> {
  const home = mkdtempSync(join(tmpdir(), 'comeback-bench-pg-'))
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  if (user.uid !== undefined) chownSync(home, NOBODY, NOBODY)
  const data = join(home, 'data')
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(join(bin, program), args, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'], ...user })
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8')
  const port = await freePort()
  const settings = { ...SETTINGS, port, listen_addresses: '127.0.0.1', unix_socket_directories: home }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  run('pg_ctl', '-D', data, '-l', join(home, 'log'), '-o', options.join(' '), '-w', 'start')
  return {
    url: database => `postgresql://postgres@127.0.0.1:${port}/${database}`,
    async stop() {
      run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function clientOnPath(): { readonly major: number; readonly text: string } | undefined {
  const { status, stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  const major = Number(/(\d+)/.exec(stdout ?? '')?.[1])
  return status === 0 && Number.isInteger(major) ? { major, text: stdout.trim() } : undefined
}

function version(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
