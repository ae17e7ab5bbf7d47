/** What becomes of a folder of the old scripts: imported once, in order, under its own dates, and never touched. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { CheckReport } from '../../src/report/check-report.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import type { ImportReport } from '../../src/report/import-report.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import type { ListReport, RestoreReport } from '../../src/report/report.ts'
import { renderReport } from '../../src/report/text.ts'
import { noise } from '../engine/scene.ts'
import { failure } from '../postgres/round-trip.ts'
import { needTools } from '../support/stock-tool.ts'
import { type OldPlace, oldPlace } from './old-files.ts'

beforeEach(context => needTools(context, 'openssl', 'gzip', 'tar'))

const ALL = { verb: 'import', components: ['database', 'files', 'config'] } as const
const FILES = { verb: 'import', components: ['files'] } as const
const LIST = { verb: 'list', components: ['database', 'files', 'config'] } as const
const plain = { palette: createPalette(false), now: new Date('2026-06-01T00:00:00Z') }

/** By the real `tar`, of what `make` puts into a folder. */
function tar(place: OldPlace, files: Readonly<Record<string, string | Buffer>>, ...args: readonly string[]): Buffer {
  const folder = join(place.folder, `tree-${readdirSync(place.folder).length}`)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return execFileSync('tar', ['-C', folder, '-cf', '-', ...args, '.'], { maxBuffer: 1 << 28 })
}

test('files come back as they were, from tar, gzip and openssl', async () => {
  using place = oldPlace()
  const long = `${'deep/'.repeat(40)}${'ä'.repeat(60)}.txt`
  const files = { 'public/index.html': '<html>', 'public/pixel.png': noise('png', 300_000), [long]: 'x', empty: '' }
  place.write('files/files_20260501.tar.gz.enc', tar(place, files))
  expect((await place.run<ImportReport>(FILES)).files).toMatchObject([{ status: 'imported', component: 'files' }])
  for (const store of ['file:./backups', 'old:./tmp/backups']) {
    const into = join(place.folder, `restored-${store.slice(0, 3)}`)
    await place.run<RestoreReport>({ verb: 'restore', component: 'files', at: '2026-05-01' }, { into, store })
    for (const [path, content] of Object.entries(files)) {
      expect(readFileSync(join(into, path)).equals(Buffer.from(content)), path).toBe(true)
    }
  }
})

test('hard links, links and modes of an old archive come back, too', async () => {
  using place = oldPlace()
  const folder = join(place.folder, 'tree')
  mkdirSync(folder)
  execFileSync('sh', ['-c', 'echo a > a; chmod 750 a; ln a b; ln -s a c; mkdir d; chmod 711 d'], { cwd: folder })
  place.write('files/2026-05-01.tar.gz.enc', execFileSync('tar', ['-C', folder, '-cf', '-', '.']))
  await place.run(FILES)
  const into = join(place.folder, 'restored')
  await place.run({ verb: 'restore', component: 'files', at: 'latest' }, { into })
  const look = ['-c', 'ls -l --time-style=+ | cut -c 1-11; stat -c %h a; readlink c']
  const told = (cwd: string) => execFileSync('sh', look, { cwd, encoding: 'utf8' })
  expect(told(into)).toBe(told(folder))
})

test('configuration comes into a review folder, where it is compared with what stands now', async () => {
  using place = oldPlace()
  writeFileSync(join(place.folder, '.env'), 'A=2\n')
  const files = { '.env': 'A=1\n', 'etc/nowhere/app.conf': 'x\n' }
  place.write('config/config-2026-05-01.tar.gz.enc', tar(place, files))
  await place.run({ verb: 'import', components: ['config'] })
  const { summary } = await place.run<RestoreReport>({ verb: 'restore', component: 'config', at: 'latest' })
  expect(summary.join('\n')).toMatch(/differ now: .*\.env/)
  expect(summary.join('\n')).toMatch(/missing now: \/etc\/nowhere\/app\.conf/)
  expect(readFileSync(join(place.folder, 'config-review/REVIEW.diff'), 'utf8')).toContain('-A=2\n+A=1\n')
})

test('the oldest comes first and each leans on those before it; what is there already is passed over', async () => {
  using place = oldPlace()
  const big = noise('big', 2_000_000)
  const name = (day: number) => `files/files_2026050${day}_030000.tar.gz.enc`
  for (const day of [3, 1, 2]) place.write(name(day), tar(place, { big, note: `day ${day}` }))
  const before = snapshot(place)
  const first = await place.run<ImportReport>(FILES)
  expect(first.files.map(file => file.time.slice(0, 10))).toEqual(['2026-05-01', '2026-05-02', '2026-05-03'])
  const fresh = first.files.map(file => (file.status === 'imported' ? file.bytes.new : undefined))
  expect(fresh[0]).toBeGreaterThan(2_000_000)
  for (const bytes of fresh.slice(1)) expect(bytes).toBeLessThan(1_000_000)
  expect(exitCodeOf(first)).toBe(0)

  place.write(name(4), tar(place, { note: 'day 4' }))
  const second = await place.run<ImportReport>(FILES)
  expect(second.files.map(({ status }) => status)).toEqual(['present', 'present', 'present', 'imported'])
  expect(snapshot(place)).toMatchObject(before)
  const listed = await place.run<ListReport>(LIST)
  expect(listed.backups.map(({ id }) => id.slice(0, 16))).toEqual([4, 3, 2, 1].map(day => `2026050${day}T030000Z`))
  const check = await place.run<CheckReport>({ verb: 'check', components: ['files'] }, { read: 'true' })
  expect(check.findings).toEqual([])
})

test('a damaged one is named, the others go on, and the exit code tells', async () => {
  using place = oldPlace()
  const archive = tar(place, { a: 'a' })
  place.write('files/files_20260501.tar.gz.enc', archive)
  place.write('files/files_20260502.tar.gz.enc', archive, { damage: bytes => bytes.subarray(0, -32) })
  place.write('files/files_20260503.tar.gz.enc', archive)
  const report = await place.run<ImportReport>(ALL)
  expect(report.files.map(({ status }) => status)).toEqual(['imported', 'failed', 'imported'])
  expect(exitCodeOf(report)).toBe(3)
  const text = renderReport(report, plain)
  expect(text).toContain('FAILED   files files_20260502.tar.gz.enc: files/files_20260502.tar.gz.enc')
  expect(text).toContain('2 backups imported, 1 failed, from ./tmp/backups into file:')
  expect(text).toContain('carry no authentication')
  expect(renderMarkdown(report, { details: false, now: plain.now })).toBe('## Import: 2 backups imported, 1 failed\n\n')
  const listed = await place.run<ListReport>(LIST)
  expect(listed.backups.map(({ status }) => status)).toEqual(['complete', 'complete'])
})

test('where the key opens none of them, that is the exit code', async () => {
  using place = oldPlace()
  place.write('files/files_20260501.tar.gz.enc', 'x', { key: 'quite another key' })
  expect(exitCodeOf(await place.run<ImportReport>(ALL))).toBe(12)
})

test('two files of the same second are two backups', async () => {
  using place = oldPlace()
  for (const name of ['a', 'b']) place.write(`files/${name}_20260501_030000.tar.gz.enc`, tar(place, { name }))
  for (const status of ['imported', 'present']) {
    const { files } = await place.run<ImportReport>(ALL)
    expect(files.map(file => file.status)).toEqual([status, status])
  }
})

test('the key of the folder opens them, though new backups are made under another', async () => {
  using place = oldPlace()
  place.write('files/files_20260501.tar.gz.enc', tar(place, { a: 'a' }))
  const context = { key: 'the key of new backups' }
  expect((await place.run<ImportReport>(ALL, {}, context)).files).toMatchObject([{ status: 'imported' }])
  const into = join(place.folder, 'restored')
  await place.run({ verb: 'restore', component: 'files', at: 'latest' }, { into }, context)
  expect(readFileSync(join(into, 'a'), 'utf8')).toBe('a')
})

test.each([
  ['100 iterations', ['-pbkdf2', '-iter', '100'], { kdfIterations: '100' }],
  ['no PBKDF2', [], { legacyKdf: 'true' }],
  ['no PBKDF2 and MD5', ['-md', 'md5'], { legacyKdf: 'true' }],
])('openssl with %s is read when asked for', async (_, args, given) => {
  using place = oldPlace()
  place.write('files/files_20260501.tar.gz.enc', tar(place, { a: 'a' }), { args })
  expect((await place.run<ImportReport>(ALL)).files).toMatchObject([{ status: 'failed', error: { code: 'wrong-key' } }])
  expect((await place.run<ImportReport>(ALL, given)).files).toMatchObject([{ status: 'imported' }])
})

test('other files there are named and left alone, links too; a file without a date has its own', async () => {
  using place = oldPlace()
  const path = place.write('files/site.tar.gz.enc', tar(place, { a: 'a' }))
  const time = new Date('2026-04-01T01:02:03Z')
  utimesSync(path, time, time)
  symlinkSync(path, join(place.folder, 'tmp/backups/files/latest.tar.gz.enc'))
  place.write('files/files_20260501_FAILED.txt', '')
  const report = await place.run<ImportReport>(ALL)
  expect(report.files).toMatchObject([{ status: 'imported', time: time.toISOString() }])
  expect([...report.foreign].sort()).toEqual(['files/files_20260501_FAILED.txt', 'files/latest.tar.gz.enc'])
  expect(report.problems[1]?.message).toContain('site.tar.gz.enc')
})

test('the folder is listed without a key, and nothing is claimed of what was not read', async () => {
  using place = oldPlace()
  place.write('files/files_20260501.tar.gz.enc', 'x', { key: 'whatever that was' })
  place.write('database/database_20260502_020000.sql.gz.enc', 'x')
  const report = await place.run<ListReport>(LIST, { store: 'old:./tmp/backups' })
  expect(report.backups).toMatchObject([
    { component: 'database', id: 'database_20260502_020000.sql.gz.enc', status: 'unread' },
    { component: 'files', id: 'files_20260501.tar.gz.enc', status: 'unread' },
  ])
  const text = renderReport(report, plain)
  expect(text).toMatch(/^unread +database +database_20260502_020000\.sql\.gz\.enc +29 d +- /m)
  expect(text).not.toContain('?')
})

test('of a folder, a file is meant by its name, by its day, and by a time after it', async () => {
  using place = oldPlace()
  for (const day of [1, 2]) place.write(`files/files_2026050${day}_030000.tar.gz.enc`, tar(place, { day: `${day}` }))
  const asked = [
    '2026-05-01',
    '2026-05-02T02:59Z',
    'files_20260501_030000.tar.gz.enc',
    'files/files_20260501_030000.tar.gz.enc',
  ]
  for (const [index, at] of [...asked, 'latest'].entries()) {
    const into = join(place.folder, `restored-${index}`)
    await place.run({ verb: 'restore', component: 'files', at }, { store: 'old:./tmp/backups', into })
    expect(readFileSync(join(into, 'day'), 'utf8'), at).toBe(at === 'latest' ? '2' : '1')
  }
})

test('what is not there is said', async () => {
  using place = oldPlace()
  expect(await failure(place.run(ALL))).toMatchObject({ code: 'not-found', hint: expect.stringContaining('files') })
  place.write('files/files_20260501.tar.gz.enc', tar(place, { a: 'a' }))
  const given = { store: 'old:./tmp/backups', into: 'restored' }
  for (const at of ['2026-05-02', '2026-04-30T00:00Z', 'files_20260502.tar.gz.enc']) {
    const error = await failure(place.run({ verb: 'restore', component: 'files', at }, given))
    expect(error).toMatchObject({ code: 'no-such-backup', hint: expect.stringContaining('files_20260501.tar.gz.enc') })
  }
  expect(await failure(place.run({ verb: 'restore', component: 'files', at: 'soon' }, given))).toMatchObject({
    code: 'usage',
  })
})

test.each(['backup', 'status', 'check', 'prune', 'import'] as const)('%s refuses the folder as a store', async verb => {
  using place = oldPlace()
  const given = { store: 'old:./tmp/backups', ...(verb === 'backup' ? { files: 'x' } : {}) }
  const error = await failure(place.run({ verb, components: ['files'] }, given))
  expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('comeback import --from ./tmp/backups') })
})

test('an archive that reaches out of its folder is not imported', async () => {
  using place = oldPlace()
  const bad = tar(place, { a: 'a' }, '--transform=s,^./a$,../a,', '-P')
  place.write('files/files_20260501.tar.gz.enc', bad)
  place.write('files/files_20260502.tar.gz.enc', tar(place, { a: 'a' }).subarray(0, 1536))
  const { files } = await place.run<ImportReport>(ALL)
  expect(files).toMatchObject([{ error: { code: 'unsafe-archive' } }, { error: { code: 'damaged' } }])
})

test('a restore from the folder leaves no trace of the store that it made, whether it works or not', async () => {
  using place = oldPlace()
  place.write('files/files_20260501.tar.gz.enc', tar(place, { a: 'a' }))
  const temporary = join(place.folder, 'temporary')
  mkdirSync(temporary)
  const restore = { verb: 'restore', component: 'files', at: 'latest' } as const
  const given = { store: 'old:./tmp/backups', into: join(place.folder, 'restored') }
  await place.run(restore, given, { temporary })
  expect(await failure(place.run(restore, given, { temporary }))).toMatchObject({ code: 'not-empty' })
  expect(readdirSync(temporary)).toEqual([])
})

function snapshot({ folder }: OldPlace): Record<string, string> {
  const backups = join(folder, 'tmp/backups/files')
  return Object.fromEntries(
    readdirSync(backups).map(name => [name, readFileSync(join(backups, name)).toString('base64').slice(-200)]),
  )
}
