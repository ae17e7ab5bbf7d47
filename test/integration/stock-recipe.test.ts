/** The recipe that the manifest, summaries, README, recovery sheet and exports print, run against stores and servers that mean harm. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { README } from '../../scripts/readme.ts'
import { PBKDF2_ITERATIONS } from '../../src/format/keys.ts'
import type { Component } from '../../src/format/manifest.ts'
import { stockRecipe } from '../../src/format/stock-recipe.ts'
import { DEFAULT_PLAN } from '../../src/init/plan.ts'
import { recoverySheet } from '../../src/init/recovery-sheet.ts'
import { fetchRecipe } from '../../src/report/fetch-recipe.ts'
import { decryptSection } from '../../src/report/markdown-decrypt.ts'
import { exportMarkdown } from '../../src/report/markdown-restore.ts'
import { goodBackup, KEY, manifest } from '../engine/scene.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type GitHub, startGitHub } from '../support/github/github.ts'
import { plant } from '../support/github/plant.ts'
import { CREDENTIALS, REGION, startFakeS3 } from '../support/s3/fake-s3.ts'
import { type Ran, runRecipe, type StockTools } from '../support/stock-recipe.ts'
import { needTools } from '../support/stock-tool.ts'

const SCHEMA = 'CREATE TABLE t (a text);\n'
const ROWS = 'COPY t (a) FROM stdin;\none\ntwo\n\\.\n\n'
/** A psql that obeys makes the file where it stands. */
const PWN = '\\! touch PWNED\n'

const NEWEST = ['17', '18', '19']

function psqlOf(major: string): string {
  const folder = join(process.env.COMEBACK_SERVERS ?? '/var/cache/comeback-servers', 'clients', major)
  return NEWEST.includes(major) ? join(folder, 'psql') : `/usr/lib/postgresql/${major}/bin/psql`
}

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await createDatabase(15)
})
afterAll(() => database[Symbol.asyncDispose]())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-folder-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await database.query('DROP TABLE IF EXISTS t')
})

interface Made {
  readonly id: string
  readonly decrypt: string
  readonly files: ReadonlyMap<string, Buffer>
  readonly outcome: Awaited<ReturnType<typeof goodBackup>>
}

async function made(schema = SCHEMA, options: { codec?: 'gzip' | 'zstd'; tar?: Buffer } = {}): Promise<Made> {
  const store = createMemoryStore()
  const { codec = 'gzip', tar } = options
  const component: Component = tar === undefined ? 'database' : 'files'
  const segments =
    tar === undefined
      ? [
          { name: 'schema', group: '00-schema' as const, bytes: Buffer.from(schema) },
          { name: 't', group: '01-data' as const, bytes: Buffer.from(ROWS) },
          { name: 'end', group: '99-schema' as const, bytes: Buffer.from('ALTER TABLE t ADD PRIMARY KEY (a);\n') },
        ]
      : [{ name: 'files', group: '01-data' as const, bytes: tar }]
  const outcome = await goodBackup(store, memorySource(segments, { component }), { codec })
  const { id, decrypt } = await manifest(store, component)
  const files = new Map([...store.objects].map(([name, bytes]) => [name.split('/')[2] ?? '', Buffer.from(bytes)]))
  return { id, decrypt: decrypt ?? '', files, outcome }
}

function fill(files: ReadonlyMap<string, Buffer>, place = folder): void {
  mkdirSync(place, { recursive: true })
  for (const [name, bytes] of files) writeFileSync(join(place, name), bytes)
}

function run(text: string, tools: StockTools = {}): Promise<Ran> {
  return runRecipe(text, folder, { key: KEY, ...tools, env: { DATABASE_URL: database.url, ...tools.env } })
}

async function rows(): Promise<unknown> {
  return (await database.query('SELECT a FROM t ORDER BY a')).map(({ a }) => a)
}

function isPwned(): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(name => name.endsWith('PWNED'))
}

describe('the recipe of a manifest', () => {
  test.each(['gzip', 'zstd'] as const)('brings a database back (%s)', async codec => {
    const { decrypt, files } = await made(SCHEMA, { codec })
    fill(files)
    expect(await run(decrypt)).toMatchObject({ code: 0 })
    expect(await rows()).toEqual(['one', 'two'])
  })

  test('brings files back, into a folder of their own, and nothing beside it', async () => {
    writeFileSync(join(folder, 'a'), 'A')
    mkdirSync(join(folder, 'target'))
    const tar = execFileSync('tar', ['-cPf', '-', '--transform', 's,^b$,../b,', 'a'], { cwd: folder })
    const evil = execFileSync('tar', ['-cPf', '-', '--transform', 's,^a$,../escaped,', 'a'], { cwd: folder })
    const good = await made('', { tar })
    fill(good.files, join(folder, 'good'))
    expect(await runRecipe(good.decrypt, join(folder, 'good'), { key: KEY })).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'good', 'restored', 'a'), 'utf8')).toBe('A')
    const bad = await made('', { tar: evil })
    fill(bad.files, join(folder, 'bad'))
    await runRecipe(bad.decrypt, join(folder, 'bad'), { key: KEY })
    expect(readdirSync(join(folder, 'bad'))).not.toContain('escaped')
  })

  test.each([
    ['a line of its own', `${SCHEMA}${PWN}`],
    ['the middle of a statement', `CREATE TABLE t (a text\n${PWN});\n`],
    ['rows that end too soon', `${SCHEMA}COPY t FROM stdin;\nX\n\\.\n${PWN}`],
    ['a file to write', `${SCHEMA}SELECT 1 \\g PWNED\n`],
    ['a file for all that follows', `${SCHEMA}\\o PWNED\n`],
  ])('runs no command of psql that a server put into %s, and fails', async (_, schema) => {
    const { decrypt, files } = await made(schema)
    fill(files)
    // Left to itself, psql obeys.
    await run(decrypt.replace(/printf '[^']*restrict[^;]*; /, ''))
    expect(isPwned()).toBe(true)
    rmSync(join(folder, 'PWNED'))
    await database.query('DROP TABLE IF EXISTS t')
    const { code, said } = await run(decrypt)
    expect(code).not.toBe(0)
    expect(said).toMatch(/backslash commands are restricted|wrong key/)
    expect(isPwned()).toBe(false)
  })

  // Every machine has the first; the long round trips run the recipe with each major's own.
  test.each(['15', ...NEWEST.filter(major => existsSync(psqlOf(major)))])('is understood by psql %s', async major => {
    const psql = psqlOf(major)
    const { decrypt, files } = await made()
    fill(files)
    expect(await run(decrypt, { psql })).toMatchObject({ code: 0 })
    expect(await rows()).toEqual(['one', 'two'])
    const evil = await made(`${SCHEMA}${PWN}`)
    fill(evil.files)
    expect((await run(evil.decrypt, { psql })).code).not.toBe(0)
    expect(isPwned()).toBe(false)
  })

  test('opens nothing that the manifest does not name, and no key of the store', async () => {
    const { decrypt, files } = await made()
    fill(files)
    const evil = await made(PWN)
    writeFileSync(join(folder, '.backup_key'), 'a key of somebody else\n')
    writeFileSync(join(folder, '00-aaaa-0000.sql.gz.enc'), evil.files.get('00-schema-0001.sql.gz.enc') ?? '')
    expect(await run(decrypt)).toMatchObject({ code: 0 })
    expect(await rows()).toEqual(['one', 'two'])
  })

  test.each(['replaced', 'cut', 'removed'])('gives nothing to psql where a pack is %s', async how => {
    const { decrypt, files } = await made()
    fill(files)
    const pack = join(folder, '99-schema-0001.sql.gz.enc')
    const bytes = readFileSync(pack)
    rmSync(pack)
    if (how === 'cut') writeFileSync(pack, bytes.subarray(0, -16))
    if (how === 'replaced') writeFileSync(pack, (await made(PWN)).files.get('00-schema-0001.sql.gz.enc') ?? '')
    expect((await run(decrypt)).code).not.toBe(0)
    expect(await database.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
  })

  test.each([
    ['names that lead elsewhere', '../../00-schema-0001.sql.gz.enc'],
    ['options', '--help'],
    ['commands', '00-schema-0001.sql.gz.enc;touch PWNED'],
  ])('takes no name out of a manifest that holds %s', async (_, name) => {
    const { decrypt, files } = await made()
    fill(files)
    const text = files.get('manifest.json')?.toString() ?? ''
    writeFileSync(join(folder, 'manifest.json'), text.replace(/\d\d-[a-z]+-\d+\.sql\.gz\.enc/g, name))
    expect((await run(decrypt)).code).not.toBe(0)
    expect(isPwned()).toBe(false)
    expect(await database.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
  })

  test('fails with a wrong key, and with a psql that does not know the restriction', async () => {
    const { decrypt, files } = await made()
    fill(files)
    expect((await run(decrypt, { key: 'another passphrase of some length' })).code).not.toBe(0)
    const psql = join(folder, 'old-psql')
    // As psql before August 2025 takes it: a command that it does not know, where it was told to stop at the first error.
    writeFileSync(psql, '#!/bin/sh\nsed "s/^.restrict /\\\\\\\\unknown /" | exec psql-of-today "$@"\n', { mode: 0o755 })
    symlinkSync(execFileSync('which', ['psql'], { encoding: 'utf8' }).trim(), join(folder, 'psql-of-today'))
    const old = await run(decrypt, { psql, env: { PATH: `${folder}:${process.env.PATH}` } })
    expect(old.code).not.toBe(0)
    expect(await database.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
  })
})

describe('the recipe with its fetching', () => {
  test.for(['bash', 'zsh'] as const)('takes from a folder only what a backup can have (%s)', async (shell, context) => {
    needTools(context, shell)
    const { id, decrypt, files } = await made()
    const store = join(folder, 'store')
    const place = join(store, 'database', id)
    fill(files, place)
    writeFileSync(join(place, '.backup_key'), 'a key of somebody else\n')
    writeFileSync(join(place, 'PWNED'), '')
    mkdirSync(join(folder, 'work'))
    const text = fetchRecipe({ store: `file:${store}`, component: 'database', id }, decrypt).join('\n')
    const tools = { key: KEY, shell, env: { DATABASE_URL: database.url } }
    expect(await runRecipe(text, join(folder, 'work'), tools)).toMatchObject({ code: 0 })
    expect(readdirSync(join(folder, 'work', id)).sort()).toEqual(
      [...files.keys()].filter(name => !name.startsWith('index')).sort(),
    )
    expect(await rows()).toEqual(['one', 'two'])
    // Into a folder that is there already, nothing is fetched, and nothing is restored.
    expect((await runRecipe(text, join(folder, 'work'), tools)).code).not.toBe(0)
  })

  test('takes from artifacts only those of runs of the repository’s own code, by names that a backup can have', async context => {
    needTools(context, 'jq')
    await using github = await startGitHub()
    const { id, decrypt, files } = await made()
    const evil = await made(PWN)
    const own = github.newRun()
    const fork = github.newRun({ event: 'pull_request', branch: 'innocent', headRepository: 77 })
    const name = (file: string, run = own) => `comeback~database~${id}~${file}~${run.id}-1.bin`
    const bad = evil.files.get('00-schema-0001.sql.gz.enc') ?? Buffer.alloc(0)
    await plant(github, fork, name('manifest.json', fork), evil.files.get('manifest.json') ?? bad)
    for (const [file, bytes] of files) await plant(github, own, name(file), bytes)
    await plant(github, fork, name('.backup_key', fork), Buffer.from('a key of somebody else\n'))
    await plant(github, fork, name('00-aaaa-0000.sql.gz.enc', fork), bad)
    await plant(github, fork, name('00-schema-0001.sql.gz.enc', own), bad)
    await plant(github, own, name('.backup_key'), Buffer.from('a key of somebody else\n'))
    await plant(github, own, name('..'), bad)
    const text = fetchRecipe({ store: `artifact:${github.repository}`, component: 'database', id }, decrypt).join('\n')
    expect(await run(text, { env: environmentOf(github) })).toMatchObject({ code: 0 })
    expect(readdirSync(join(folder, id)).sort()).toEqual(
      [...files.keys()].filter(file => !file.startsWith('index')).sort(),
    )
    expect(await rows()).toEqual(['one', 'two'])
  })

  test('takes from a bucket only names that a backup can have', async context => {
    needTools(context, 'aws')
    await using s3 = await startFakeS3()
    const { id, decrypt, files } = await made()
    const put = (key: string, bytes: Buffer) => {
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
      s3.objects.set(key, { bytes, etag, contentType: 'application/octet-stream', writtenAt: new Date() })
    }
    for (const [file, bytes] of files) put(`p/database/${id}/${file}`, bytes)
    for (const file of ['.backup_key', '../00-PWNED-1.sql.gz.enc', '00-a/../../PWNED-1.sql.gz.enc', 'PWNED'])
      put(`p/database/${id}/${file}`, Buffer.from('x'))
    const place = { store: `s3://${s3.bucket}/p/`, component: 'database', id, s3Endpoint: s3.endpoint } as const
    const text = fetchRecipe(place, decrypt).join('\n')
    const ran = await run(text, {
      env: {
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        AWS_REGION: REGION,
      },
    })
    expect(ran).toMatchObject({ code: 0 })
    expect(await rows()).toEqual(['one', 'two'])
    expect(isPwned()).toBe(false)
    expect(existsSync(join(folder, id, '.backup_key'))).toBe(false)
  })
})

test('is one text, wherever it is printed', async () => {
  const id = '20261123T020000Z-7f3a91'
  const recipe = (component: Component) => stockRecipe({ component, codec: 'gzip', iterations: PBKDF2_ITERATIONS })
  const fetched = (component: Component, store: string) =>
    fetchRecipe({ component, id, store }, recipe(component)).join('\n')
  expect(readFileSync(README, 'utf8')).toContain(fetched('database', 'artifact:acme/shop'))
  expect(readFileSync(join(import.meta.dirname, '../../src/format/README.md'), 'utf8')).toContain(recipe('database'))
  const plan = { ...DEFAULT_PLAN, components: ['database', 'files'] } as const
  const sheet = recoverySheet(plan, { repository: 'acme/shop', keyId: undefined })
  for (const component of plan.components) expect(sheet).toContain(fetched(component, 'artifact:acme/shop'))
  const { outcome, decrypt } = await made()
  const summary = decryptSection(outcome, 'file:/backups').join('\n')
  expect(summary).toContain(fetchRecipe({ ...outcome, store: 'file:/backups' }, decrypt).join('\n'))
  const report = { command: 'export', component: 'database', id, directory: 'd', files: [], bytes: 0, decrypt } as const
  expect(exportMarkdown(report).join('\n')).toContain(decrypt)
})

function environmentOf(github: GitHub): Record<string, string> {
  return { GITHUB_API_URL: github.url, GITHUB_TOKEN: github.token }
}
