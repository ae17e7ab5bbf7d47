/** A hot standby that follows another server of the tests, made as a base backup is. */
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { launch, own, programs, type TestServer } from './postgres.ts'

/** From 15 on, whose functions it takes. Resolves when it has caught up with what the primary holds now. */
export async function startStandby(primary: TestServer): Promise<TestServer> {
  const home = mkdtempSync(join(tmpdir(), 'comeback-standby-'))
  const data = join(home, 'data')
  const client = new pg.Client({ connectionString: primary.url() })
  await client.connect()
  const { rows } = await client.query<{ data: string }>(
    `SELECT pg_catalog.current_setting('data_directory') AS data FROM pg_catalog.pg_backup_start('standby', true)`,
  )
  cpSync(rows[0]?.data ?? '', data, { recursive: true })
  const label = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_catalog.pg_backup_stop()')
  await client.end()
  chmodSync(data, 0o700)
  rmSync(join(data, 'postmaster.pid'))
  writeFileSync(join(data, 'backup_label'), label.rows[0]?.labelfile ?? '')
  writeFileSync(join(data, 'standby.signal'), '')
  for (const path of ['', ...readdirSync(home, { recursive: true, encoding: 'utf8' })]) own(join(home, path))
  const server = await launch(
    join(programs(primary.major), 'bin'),
    { root: '/', outside: home, home },
    { primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=secret` },
  )
  return { major: primary.major, ...server }
}
