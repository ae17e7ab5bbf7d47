/** What is told when no connection comes about, beside what libpq says in the same place: every mode, server, role and mistake. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ComebackError } from '../../../src/errors.ts'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { startServer, type TestServer } from '../../support/postgres.ts'
import { needTools } from '../../support/stock-tool.ts'

const signal = new AbortController().signal
const fixtures = fileURLToPath(new URL('../../fixtures/tls', import.meta.url))

/** By role: who may come in how. `ghost` is let in and does not exist; `stranger` exists and no line names it. */
const RULES = `
host      all postgres all scram-sha-256
local     all postgres     trust
host      all either   all scram-sha-256
hostssl   all secure   all scram-sha-256
hostnossl all open     all scram-sha-256
host      all barred   all reject
host      all ghost    all trust
local     all ghost        trust
hostssl   all ghostly  all trust
host      all asleep   all scram-sha-256
`
const ROLES = ['either', 'secure', 'open', 'barred', 'ghost', 'ghostly', 'stranger', 'asleep']
const MODES = ['', 'disable', 'allow', 'prefer', 'require', 'verify-ca']
/** By mistake: whom it is tried with. */
const MISTAKES = {
  none: ROLES,
  'wrong password': ['either', 'secure'],
  'no such database': ['either', 'open'],
} as const

let folder: string
const servers: Partial<Record<'with TLS' | 'without TLS', TestServer>> = {}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-refusals-'))
  cpSync(fixtures, folder, { recursive: true })
  chmodSync(join(folder, 'server.key'), 0o600)
  const rules = join(folder, 'pg_hba.conf')
  writeFileSync(rules, RULES)
  if (process.getuid?.() === 0)
    for (const path of [folder, rules, join(folder, 'server.key')]) chownSync(path, 65_534, 65_534)
  const tls = { ssl: 'on', ssl_cert_file: join(folder, 'server.crt'), ssl_key_file: join(folder, 'server.key') }
  const common = { hba_file: rules, unix_socket_directories: folder }
  servers['without TLS'] = await startServer(18, common)
  servers['with TLS'] = await startServer(18, { ...common, ...tls })
  for (const server of Object.values(servers)) {
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    for (const role of ['either', 'secure', 'open', 'barred', 'stranger'])
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`)
    await client.query(`CREATE ROLE asleep PASSWORD 'right'`)
    await client.end()
  }
})
afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Case {
  readonly server: 'with TLS' | 'without TLS'
  readonly mode: string
  readonly role: string
  readonly mistake: string
}

const CASES: readonly Case[] = (['with TLS', 'without TLS'] as const).flatMap(server =>
  MODES.flatMap(mode =>
    Object.entries(MISTAKES).flatMap(([mistake, roles]) => roles.map(role => ({ server, mode, role, mistake }))),
  ),
)

function urlOf({ server, mode, role, mistake }: Case): string {
  const password = mistake === 'wrong password' ? 'wrong' : 'right'
  const database = mistake === 'no such database' ? 'nowhere' : 'postgres'
  const authority = mode === 'verify-ca' ? `&sslrootcert=${join(folder, 'ca.crt')}` : ''
  const query = mode === '' ? '' : `?sslmode=${mode}${authority}`
  return `postgresql://${role}:${password}@127.0.0.1:${servers[server]?.port}/${database}${query}`
}

const ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
type Kind = 'TLS' | 'plain' | 'no TLS' | 'no such role' | 'wrong password' | 'no such database' | 'shut' | 'no login'

/** All that libpq tells, an attempt a line. */
function byLibpq(url: string): readonly Kind[] {
  const { status, stdout, stderr } = spawnSync('psql', ['--no-psqlrc', '-At', '-c', ENCRYPTED, url], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: folder, PGCONNECT_TIMEOUT: '10' },
  })
  if (status === 0) return [stdout.trim() === 't' ? 'TLS' : 'plain']
  return stderr.trim().split('\n').map(kindOf)
}

async function byUs(url: string): Promise<{ kind: Kind; error?: ComebackError }> {
  try {
    await using connection = await connect({ url, connectTimeout: 10_000, signal })
    const [row] = await connection.query<{ ssl: boolean }>(ENCRYPTED)
    return { kind: row?.ssl ? 'TLS' : 'plain' }
  } catch (error) {
    return { kind: kindOf(String(error)), error: error as ComebackError }
  }
}

function kindOf(text: string): Kind {
  const kinds: readonly (readonly [RegExp, Kind])[] = [
    [/does not support SSL|speaks no TLS/, 'no TLS'],
    [/role ".*" does not exist/, 'no such role'],
    [/password authentication failed|refused the password/, 'wrong password'],
    [/database ".*" does not exist|There is no database/, 'no such database'],
    [/pg_hba\.conf/, 'shut'],
    [/not permitted to log in/, 'no login'],
  ]
  const kind = kinds.find(([words]) => words.test(text))?.[1]
  if (kind === undefined) throw new Error(`neither known: ${text}`)
  return kind
}

describe('a connection comes about, or fails for the reason, as with libpq', () => {
  test.for(CASES)('$server, sslmode $mode, $role, $mistake', async (one, context) => {
    needTools(context, 'psql')
    const libpq = byLibpq(urlOf(one))
    const { kind, error } = await byUs(urlOf(one))
    if (libpq.includes('TLS') || libpq.includes('plain')) {
      // On this machine, a URL that does not ask for TLS is served without it.
      if (one.mode !== '') expect(kind).toBe(libpq[0])
      else expect(['TLS', 'plain']).toContain(kind)
      return
    }
    // Of two reasons that libpq gives, the one that got further.
    const reasons = libpq.filter(reason => reason !== 'shut' && reason !== 'no TLS')
    expect(reasons.length === 0 ? libpq : reasons).toContain(kind)
    if (one.mode !== 'require' && one.mode !== 'verify-ca') expect(kind).not.toBe('no TLS')
    if (one.mode !== 'disable') expect(error?.hint ?? '').not.toContain('sslmode=require')
  })
})

test.each(['', '&sslmode=disable', '&sslmode=prefer', '&sslmode=require'])(
  'a socket knows no TLS, and none is asked for: %s',
  async mode => {
    const at = (role: string) =>
      `postgresql://${role}@/postgres?host=${folder}&port=${servers['with TLS']?.port}${mode}`
    await using connection = await connect({ url: at('postgres'), connectTimeout: 5_000, signal })
    expect(connection.serverVersion).toBeGreaterThan(180_000)
    const shut = await byUs(at('stranger'))
    expect(shut.kind).toBe('shut')
    expect(`${shut.error?.message} ${shut.error?.hint}`).not.toMatch(/TLS|sslmode/)
    expect((await byUs(at('ghost'))).kind).toBe('no such role')
  },
)
