/**
 * `npm run demo`: an application is backed up, lives a day, is backed up again, is wrecked, and comes back to the last byte.
 * Everything happens on a PostgreSQL of its own in a temporary folder. Exits with 1 if anything differs.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { KEY_PLACE } from '../src/format/stock-recipe.ts'
import { startServer, type TestServer } from '../test/support/postgres.ts'
import { changeOnePercent, createApplication, ENVIRONMENT, wreck } from './application.ts'
import { type Cli, type CompleteBackup, createCli } from './cli.ts'
import { fileDifferences, hashes } from './files.ts'
import { differences, fingerprint } from './fingerprint.ts'
import { begin, bold, command, dim, green, red, rows, say, size, time, title } from './story.ts'

const BACKUP = ['all', '--files', 'uploads', '--config-files', 'config', '--config-env', ...Object.keys(ENVIRONMENT)]
const SHOWN = 8
const SHOWN_CHECKS: readonly string[] = ['rows', 'schema', 'files']

const { values: flags } = parseArgs({ options: { source: { type: 'boolean', default: false } } })
const project = mkdtempSync(join(tmpdir(), 'comeback-demo-'))
let starting: Promise<TestServer> | undefined
let cli: Cli | undefined
let stopping = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(130)
    stopping = true
    void cleanUp().finally(() => process.exit(130))
  })
}

try {
  process.exitCode = (await tell()) ? 0 : 1
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? red(error.message) : error)
    process.exitCode = 1
  }
} finally {
  if (!stopping) await cleanUp()
}

async function tell(): Promise<boolean> {
  title('Comeback', 'Backups that come back. All of this happens in a temporary folder, on a PostgreSQL of its own.')

  begin('An application')
  starting = startServer(18, { autovacuum: 'off' })
  const server = await starting
  const admin = await connect(server.url())
  await admin.query('CREATE DATABASE commons')
  await admin.end()
  const url = server.url('commons')
  const client = await connect(url)
  await createApplication(client, project)
  cli = createCli(project, { ...ENVIRONMENT, DATABASE_URL: url }, flags.source)
  const uploads = join(project, 'uploads')
  say(`PostgreSQL 18, ${await databaseText(client)}; ${folderText(await hashes(uploads), uploads)} in uploads; config.`)

  begin('The first backup')
  command(`comeback backup ${BACKUP.join(' ')}`)
  const first = await cli.backup(...BACKUP)
  showBackups(first)
  say(`The key was made by this first run: ${bold('.backup_key')}. Without it nobody reads a byte of this.`)

  begin('A day passes')
  await changeOnePercent(client, uploads)
  say('1 % of users and posts edited, mostly recent ones; comments come and go; an upload replaced, one added.')

  begin('The second backup')
  command(`comeback backup ${BACKUP.join(' ')}`)
  const second = await cli.backup(...BACKUP)
  const [good, goodFiles, goodConfig] = [
    await fingerprint(client),
    await hashes(uploads),
    await hashes(join(project, 'config')),
  ]
  showBackups(second)

  begin('The disaster')
  command('DELETE FROM users;   -- where is the WHERE?')
  command('DROP TABLE tags CASCADE;   -- the wrong window')
  command('ALTER TABLE posts RENAME COLUMN body TO content;   -- and the migration stopped here')
  command('rm -r uploads')
  await wreck(client)
  rmSync(uploads, { recursive: true })
  const damage = differences(good, await fingerprint(client))
  for (const line of damage.filter(text => text.includes(' 0 rows')).slice(0, SHOWN)) say(red(line))
  say(red(`${damage.length} tables and objects are not what they were.`))

  begin('The comeback')
  command('comeback restore database latest --mode atomic --confirm commons')
  const database = await cli.restore('database', 'latest', '--mode', 'atomic', '--confirm', 'commons')
  command('comeback restore files latest --into restored')
  const files = await cli.restore('files', 'latest', '--into', 'restored')
  command('comeback restore config latest --into review')
  const config = await cli.restore('config', 'latest', '--into', 'review')
  rows(
    [database, files, config].map(({ component, bytes, seconds }) => [component, `${size(bytes)} back`, time(seconds)]),
  )

  begin('The comparison')
  const wrong = [
    ...differences(good, await fingerprint(client)),
    ...fileDifferences(goodFiles, await hashes(join(project, 'restored', 'uploads'))),
    ...fileDifferences(goodConfig, await hashes(join(project, 'review', 'files', 'config'))),
    ...(await lostVariables(join(project, 'review'))),
  ]
  for (const line of wrong.slice(0, 40)) say(red(line))
  if (wrong.length === 0) {
    const tables = [...good.values()].reduce((sum, { rows }) => sum + rows, 0)
    say(green(`${tables.toLocaleString('en')} rows and objects are what they were, one by one.`))
    say(green(`${goodFiles.size} uploads and ${goodConfig.size} files of configuration are the same to the byte.`))
  }

  begin('Every week, without a disaster')
  await client.query('CREATE DATABASE disposable')
  command('comeback verify --target-url postgresql://…/disposable --disposable')
  const { proofs } = await cli.verify('--target-url', server.url('disposable'), '--disposable')
  rows(
    proofs.map(({ component, restoreSeconds = 0, compareSeconds = 0 }) => [
      component,
      `${time(restoreSeconds)} to restore`,
      `${time(compareSeconds)} to compare`,
    ]),
  )
  for (const { component, checks } of proofs) {
    for (const { name, detail } of checks.filter(
      ({ name, result }) => result === 'passed' && SHOWN_CHECKS.includes(name),
    ))
      say(green(`${component}, ${name}: ${detail}`))
  }

  begin('And without Comeback?')
  const readable = await readWithStockTools(first.get('database'))
  say('')
  return wrong.length === 0 && readable
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // On Ctrl-C the server is stopped under it; whatever it was asked then fails on its own.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function showBackups(backups: ReadonlyMap<string, CompleteBackup>): void {
  rows(
    [...backups.values()].map(({ component, bytes, seconds, full }) => [
      component,
      `${size(bytes.read)} read`,
      `${size(bytes.new)} new${full ? '' : ` (${((100 * bytes.new) / Math.max(1, bytes.read)).toFixed(1)} %)`}`,
      `${size(bytes.stored)} stored`,
      time(seconds),
    ]),
  )
}

async function databaseText(connection: pg.Client): Promise<string> {
  const { rows: found } = await connection.query<{ bytes: string; tables: string }>(
    `SELECT pg_database_size(current_database()) AS bytes, count(*) AS tables FROM pg_class
     WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)`,
  )
  return `${size(Number(found[0]?.bytes))} in ${found[0]?.tables} tables`
}

function folderText(files: ReadonlyMap<string, string>, folder: string): string {
  const bytes = [...files.keys()].reduce((sum, path) => sum + statSync(join(folder, path)).size, 0)
  return `${size(bytes)} in ${files.size} files`
}

/** The review compares what was backed up with the environment of the restore, which still has all of it. */
async function lostVariables(review: string): Promise<readonly string[]> {
  const text = await readFile(join(review, '.env.review'), 'utf8')
  return Object.keys(ENVIRONMENT)
    .filter(name => !text.includes(`# ${name} equal to the present environment`))
    .map(name => `the variable ${name} is not what it was`)
}

/** Decrypts the first backup with the recipe that its manifest carries; false only if it could have been read and was not. */
async function readWithStockTools(backup: CompleteBackup | undefined): Promise<boolean> {
  const recipe = backup?.decrypt
  if (backup === undefined || recipe === undefined) {
    say(red('The first backup says of itself that stock tools cannot read it.'))
    return false
  }
  const lacking = ['bash', 'openssl', 'gunzip', 'xargs', 'sed'].filter(program => !isOnPath(program))
  if (lacking.length > 0) {
    say(dim(`Skipped: ${lacking.join(', ')} is not installed here.`))
    return true
  }
  const folder = join(project, 'by-hand')
  const stored = await readdir(join(project, 'backups'), { recursive: true, withFileTypes: true })
  const packs = stored.filter(entry => entry.isFile() && entry.parentPath.includes(backup.id))
  for (const pack of packs) cpSync(join(pack.parentPath, pack.name), join(folder, pack.name))
  // What psql would read is looked at instead: the line that restricts it, and the script.
  const script = recipe.replace(KEY_PLACE, join(project, '.backup_key')).replace(/psql .*"/, 'cat')
  command(script)
  const child = spawn('bash', ['-c', script], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let [bytes, head] = [0, '']
  for await (const chunk of child.stdout.setEncoding('latin1') as AsyncIterable<string>) {
    bytes += chunk.length
    if (head.length < 4096) head += chunk
  }
  const [code] = await closed
  const statement = head.split('\n').find(text => text.startsWith('CREATE'))
  bytes -= head.indexOf('\n') + 1
  const ok = code === 0 && bytes === backup.bytes.read && statement !== undefined
  say(
    ok
      ? green(`${size(bytes)} of SQL for psql, the same number of bytes that was read: ${dim(`${statement} …`)}`)
      : red(`openssl and gunzip gave ${bytes} of ${backup.bytes.read} bytes (exit code ${code}).`),
  )
  return ok
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}

async function cleanUp(): Promise<void> {
  cli?.kill()
  rmSync(project, { recursive: true, force: true })
  // One that did not start has been reported by then, and there is nothing to stop.
  const server = await starting?.catch(() => undefined)
  await server?.stop()
}
