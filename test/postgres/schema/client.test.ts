import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { createDatabaseSource } from '../../../src/postgres/dump.ts'
import {
  BUNDLED_PG_DUMP,
  chooseClient,
  describeClient,
  type PgDumpRequest,
} from '../../../src/postgres/schema/client.ts'
import type { Machine } from '../../../src/postgres/schema/client-places.ts'
import { standInForDocker } from '../../fakes/docker.ts'
import { collectSegments } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { needTools } from '../../support/stock-tool.ts'

const PG_DUMP_15 = '/usr/lib/postgresql/15/bin/pg_dump'
const never = new AbortController().signal

/** A machine with these files, all of them programs: what lies on its PATH lies in `path`. */
async function machineWith(programs: Readonly<Record<string, string>>): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'comeback-machine-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'path'))
  for (const [name, text] of Object.entries(programs)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
    await chmod(join(root, name), 0o755)
  }
  return { root, environment: { PATH: join(root, 'path'), HOME: root } }
}

const saying = (version: string) => `#!/bin/sh\necho "pg_dump (PostgreSQL) ${version}"\n`
const failing = (message: string) =>
  `#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 18.99" && exit\necho "${message}" >&2\nexit 1\n`
const debian = (major: number) => `usr/lib/postgresql/${major}/bin/pg_dump`

async function choice(request: PgDumpRequest, serverVersion: number, phases: string[] = []): Promise<string> {
  const server = { serverVersion, description: 'db:5432/shop' }
  const client = await chooseClient(request, server, { signal: never, phase: text => phases.push(text) })
  return describeClient(client)
}

const bundled = `pg_dump ${BUNDLED_PG_DUMP.version} (bundled)`

test.each([
  ['of the same day as the bundled one', 150_020, '15.17', true],
  ['older than that', 150_020, '15.16', false],
  ['newer', 150_017, '15.20', true],
  ['of 15, with the name of its package', 150_017, '15.17 (Debian 15.17-1)', true],
  ['of 14, whose text says too little for newer servers', 140_022, '14.30', false],
  ['of 16', 160_013, '16.13', true],
  ['of 16, older', 160_013, '16.12', false],
  ['of 17', 170_012, '17.9', true],
  ['of 17, older', 170_012, '17.8', false],
  ['of 18', 180_006, '18.3', true],
  ['of 18, older', 180_006, '18.2', false],
  ['of 18, a candidate', 180_006, '18rc1', false],
])(
  "a program of the server's own major is taken if it is as new as the bundled one: %s",
  async (_, server, version, taken) => {
    const path = debian(Math.floor(server / 10_000))
    const machine = await machineWith({ [path]: saying(version) })
    expect(await choice(machine, server)).toBe(
      taken ? `pg_dump ${version.split(' ')[0]} (${join(machine.root, path)})` : bundled,
    )
  },
)

test('of several the newest minor is taken, wherever it lies', async () => {
  const machine = await machineWith({
    [debian(17)]: saying('17.10'),
    'usr/pgsql-17/bin/pg_dump': saying('17.9'),
    'opt/homebrew/opt/postgresql@17/bin/pg_dump': saying('17.12'),
    'opt/homebrew/opt/libpq/bin/pg_dump': saying('18.6'),
    'path/pg_dump': saying('17.11'),
  })
  expect(await choice(machine, 170_012)).toBe(
    `pg_dump 17.12 (${machine.root}/opt/homebrew/opt/postgresql@17/bin/pg_dump)`,
  )
  expect(await choice(machine, 180_006)).toBe(`pg_dump 18.6 (${machine.root}/opt/homebrew/opt/libpq/bin/pg_dump)`)
})

test('the PATH is looked through, but not the folder where one stands, and never for the wrapper of Debian', async () => {
  const machine = await machineWith({
    'path/pg_dump': saying('16.15'),
    'usr/share/postgresql-common/pg_wrapper': saying('16.20'),
    'bin/nothing': '',
  })
  await symlink('../usr/share/postgresql-common/pg_wrapper', join(machine.root, 'bin/pg_dump'))
  const { root } = machine
  expect(await choice({ root, environment: { PATH: `.:bin:${root}/bin:${root}/path` } }, 160_014)).toBe(
    `pg_dump 16.15 (${root}/path/pg_dump)`,
  )
  expect(await choice({ root, environment: { PATH: `${root}/bin` } }, 160_014)).toBe(bundled)
})

test('a program of another major is not taken, nor one that cannot be run or is something else', async () => {
  const machine = await machineWith({
    [debian(16)]: saying('16.20'),
    [debian(15)]: '#!/bin/sh\necho "error while loading shared libraries: libpq.so.5" >&2\nexit 127\n',
    'usr/pgsql-15/bin/pg_dump': '#!/bin/sh\necho hello\n',
    'path/pg_dump': '#!/no/such/interpreter\n',
  })
  expect(await choice(machine, 150_020)).toBe(bundled)
})

test('a server that is newer than the bundled one is read by any that is as new, its own major first', async () => {
  const both = await machineWith({ [debian(19)]: saying('19rc1'), [debian(20)]: saying('20.1') })
  expect(await choice(both, 190_000)).toBe(`pg_dump 19rc1 (${join(both.root, debian(19))})`)
  const newer = await machineWith({ [debian(18)]: saying('18.6'), [debian(20)]: saying('20.1') })
  expect(await choice(newer, 190_000)).toBe(`pg_dump 20.1 (${join(newer.root, debian(20))})`)
})

test('where none can read it, the error names each way out', async () => {
  const machine = await machineWith({ [debian(18)]: saying('18.6') })
  for (const request of [machine, undefined, 'bundled', join(machine.root, debian(18))]) {
    await expect(choice(request, 190_001)).rejects.toMatchObject({
      code: 'server-too-new',
      message: expect.stringContaining('db:5432/shop runs PostgreSQL 19, which is newer than'),
      hint: expect.stringMatching(
        /postgresql-client-19.*brew install postgresql@19.*docker pull postgres:19.*--pg-dump/s,
      ),
    })
  }
})

test('one that is asked for is taken, whatever else is there', async () => {
  const machine = await machineWith({ [debian(15)]: saying('15.20'), 'mine/pg_dump': saying('16.1') })
  const mine = join(machine.root, 'mine/pg_dump')
  expect(await choice(mine, 150_020)).toBe(`pg_dump 16.1 (${mine})`)
  expect(await choice('bundled', 150_020)).toBe(bundled)
  expect(await choice(undefined, 150_020)).toBe(bundled)
  await expect(choice('/does/not/exist', 150_020)).rejects.toMatchObject({ code: 'usage' })
  await expect(choice('/bin/true', 150_020)).rejects.toMatchObject({ code: 'usage' })
})

test('an image that Docker has already is used, if it is as new', async () => {
  const machine = await machineWith({ new: saying('17.12'), old: saying('16.1') })
  const at = (name: string) => join(machine.root, name)
  await standInForDocker(at('path'), {
    here: { '17-alpine': at('new'), '16': at('old'), latest: at('new'), '170': at('new') },
  })
  const phases: string[] = []
  expect(await choice(machine, 170_012, phases)).toBe('pg_dump 17.12 (postgres:17-alpine)')
  expect(await choice(machine, 160_013, phases)).toBe(bundled)
  expect(phases).toEqual([])
})

test('an image is fetched where nothing else can serve, and that is said', async () => {
  const machine = await machineWith({ new: saying('19.0') })
  const docker = await standInForDocker(join(machine.root, 'path'), { toPull: { 19: join(machine.root, 'new') } })
  const phases: string[] = []
  expect(await choice(machine, 190_000, phases)).toBe('pg_dump 19.0 (postgres:19)')
  expect(phases).toEqual([expect.stringContaining('Pulling postgres:19')])
  await expect(choice(machine, 200_000, phases)).rejects.toMatchObject({ code: 'server-too-new' })
  expect(await choice(machine, 150_000, phases)).toBe(bundled)
  expect((await docker.calls()).filter(([verb]) => verb === 'pull').map(args => args.at(-1))).toEqual([
    'postgres:19',
    'postgres:20',
  ])
})

async function readWith(url: string, pgDump: PgDumpRequest) {
  const source = createDatabaseSource({
    url,
    connectTimeout: 5_000,
    lanes: 1,
    schemaOnly: false,
    excludeTableData: [],
    pgDump,
  })
  const out = collectSegments()
  const result = await source.read(out, never)
  return { result, text: out.stock().toString(), phases: out.phases, writer: parseDatabaseDetail(result.detail).pgDump }
}

test("a server is read by its own pg_dump where the machine has it, which the backup's detail, report and log say", async context => {
  needTools(context, PG_DUMP_15)
  await using database = await createDatabase(15)
  await database.query('CREATE TABLE t (id integer)')
  const { writer, result, text, phases } = await readWith(database.url, { root: '/', environment: {} })
  expect(writer).toMatch(/^pg_dump 15\.\d+ \(\/usr\/lib\/postgresql\/15\/bin\/pg_dump\)$/)
  expect(result).toMatchObject({ tool: writer, problems: [] })
  expect(phases).toContain(`Reading the schema with ${writer}`)
  expect(text).toMatch(/^-- Dumped by pg_dump version 15\./m)
})

test('by an image of Docker it is read with nothing secret in a list of processes', async context => {
  needTools(context, PG_DUMP_15)
  await using database = await createDatabase(15)
  await database.query('CREATE TABLE t (id integer)')
  const machine = await machineWith({})
  const docker = await standInForDocker(join(machine.root, 'path'), { here: { 15: PG_DUMP_15 } })
  const { writer, text } = await readWith(database.url, machine)
  expect(writer).toMatch(/^pg_dump 15\.\d+ \(postgres:15\)$/)
  expect(text).toContain('CREATE TABLE public.t')
  const said = JSON.stringify(await docker.calls())
  expect(said).toContain('--network","host"')
  expect(said).not.toContain(new URL(database.url).password)
})

test('one that was found and fails is replaced by the bundled one, with a warning; one that was asked for is not', async () => {
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE t (id integer)')
  const message = 'pg_dump: error: connection to server at 127.0.0.1 failed: root certificate file does not exist'
  const machine = await machineWith({ [debian(18)]: failing(message) })
  const path = join(machine.root, debian(18))
  const { writer, result, text } = await readWith(database.url, machine)
  expect(writer).toBe(bundled)
  expect(text).toContain('CREATE TABLE public.t')
  expect(result.problems).toEqual([
    {
      severity: 'warning',
      message: expect.stringMatching(`${path}\\) was found here and could not be used.*root certificate file`),
      hint: expect.stringContaining('--pg-dump bundled'),
    },
  ])
  await expect(readWith(database.url, path)).rejects.toMatchObject({
    message: expect.stringContaining('root certificate file'),
  })
})
