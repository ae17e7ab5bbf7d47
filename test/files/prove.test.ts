import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { chmod, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, test } from 'vitest'
import type { ProofContext, StoredBackup } from '../../src/engine/ports.ts'
import { ComebackError } from '../../src/errors.ts'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesProver } from '../../src/files/prove.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { backupOf, paxEntry, tarOf } from './tar-bytes.ts'
import { plant, setTime, type Tree, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal

let temporary: string
beforeEach(async () => {
  temporary = await temporaryFolder()
})

async function backupOfTree(tree: Tree): Promise<StoredBackup> {
  const root = await temporaryFolder()
  await plant(root, tree)
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

/** `meanwhile` gets the restored folder, after the restore and before the comparison. */
function contextWith(meanwhile: (restored: string) => void = () => undefined): ProofContext {
  const progress = countProgress()
  return {
    progress: {
      advance: bytes => progress.advance(bytes),
      phase(text) {
        if (text !== 'Comparing every file') return
        const [folder = ''] = readdirSync(temporary)
        meanwhile(join(temporary, folder, 'restored'))
      },
    },
  }
}

async function prove(backup: StoredBackup, meanwhile?: (restored: string) => void) {
  return createFilesProver({ temporary }).prove(backup, contextWith(meanwhile), SIGNAL)
}

const TREE: Tree = {
  'uploads/a.png': 'image',
  'uploads/big': randomBytes(900_000),
  'uploads/empty': null,
  'uploads/latest': { link: 'a.png' },
}

describe('files that all came back', () => {
  it('are a proof without a finding, and leave no folder behind', async () => {
    const { findings, checks, restoreTime, compareTime, tables, assertions } = await prove(await backupOfTree(TREE))
    expect(findings).toEqual([])
    expect(checks).toEqual([
      { name: 'restore', result: 'passed', detail: expect.not.stringContaining(temporary) },
      { name: 'files', result: 'passed', detail: '2 files, 2 folders, 1 link, 900 kB, by SHA-256' },
    ])
    expect(restoreTime).toBeGreaterThan(0)
    expect(compareTime).toBeGreaterThan(0)
    expect([tables, assertions]).toEqual([[], []])
    expect(await readdir(temporary)).toEqual([])
  })

  it('may have any names, modes and times', async () => {
    const root = await temporaryFolder()
    await plant(root, {
      'größe/日本/😀\nx': 'script',
      '-rf *': 'x',
      '\u001b[2Jname': 'x',
      [`long/${'n'.repeat(200)}/${'m'.repeat(200)}`]: 'long',
      'locked/inside/file': 'x',
      secret: 'x',
    })
    await setTime(join(root, 'secret'), 1_000_000_000)
    const out = collectSegments()
    const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
    expect((await prove(storedBackup(out.segments, result))).findings).toEqual([])
  })

  it('may be such that nobody may read them', async () => {
    const bytes = tarOf(
      { path: 'locked/', type: 'Directory', mode: 0 },
      { path: 'locked/in/', type: 'Directory', mode: 0 },
      { path: 'locked/in/file', content: 'x', mode: 0 },
    )
    expect((await prove(await backupOf(bytes))).findings).toEqual([])
    expect(await readdir(temporary)).toEqual([])
  })

  it('may be hard links', async () => {
    const bytes = tarOf({ path: 'a', content: 'x' }, { path: 'b', type: 'Link', linkpath: 'a' })
    expect((await prove(await backupOf(bytes))).findings).toEqual([])
  })

  it('lack links that lead out of the folder, which is a note', async () => {
    const { findings, checks } = await prove(await backupOfTree({ a: 'x', current: { link: '/srv/releases/7' } }))
    expect(findings).toMatchObject([{ code: 'target-differs', subject: 'current' }])
    expect(checks).toMatchObject([{ result: 'passed' }, { result: 'passed' }])
  })
})

describe('what came back otherwise is named', () => {
  const cases: readonly {
    readonly what: string
    readonly change: (folder: string) => void
    readonly found: readonly { readonly code: string; readonly subject: string; readonly message: RegExp }[]
  }[] = [
    {
      what: 'one byte changed',
      change: folder => {
        writeFileSync(join(folder, 'uploads/a.png'), 'imagf')
        setTimeOf(folder, 'uploads/a.png')
      },
      found: [{ code: 'file-differs', subject: 'uploads/a.png', message: /: its content\.$/ }],
    },
    {
      what: 'a byte too much',
      change: folder => {
        writeFileSync(join(folder, 'uploads/a.png'), 'image\n')
        setTimeOf(folder, 'uploads/a.png')
      },
      found: [{ code: 'file-differs', subject: 'uploads/a.png', message: /its content \(6 bytes, which were 5\)/ }],
    },
    {
      what: 'another mode and another time',
      change: folder => {
        chmodSync(join(folder, 'uploads/a.png'), 0o600)
        utimesSync(join(folder, 'uploads/a.png'), 5, 5)
      },
      found: [
        { code: 'file-differs', subject: 'uploads/a.png', message: /its mode \(600, which was 644\) and its time/ },
      ],
    },
    {
      what: 'a folder of another mode',
      change: folder => chmodSync(join(folder, 'uploads/empty'), 0o700),
      found: [{ code: 'file-differs', subject: 'uploads/empty', message: /its mode/ }],
    },
    {
      what: 'a missing file, folder and link',
      change: folder => {
        for (const name of ['a.png', 'empty', 'latest']) rmSync(join(folder, 'uploads', name), { recursive: true })
        setTimeOf(folder, 'uploads')
      },
      found: [
        { code: 'file-missing', subject: 'uploads/a.png', message: /^A file that/ },
        { code: 'file-missing', subject: 'uploads/latest', message: /^A link that/ },
        { code: 'file-missing', subject: 'uploads/empty', message: /^A folder that/ },
      ],
    },
    {
      what: 'a link to elsewhere',
      change: folder => {
        unlinkSync(join(folder, 'uploads/latest'))
        symlinkSync('big', join(folder, 'uploads/latest'))
        setTimeOf(folder, 'uploads')
      },
      found: [{ code: 'file-differs', subject: 'uploads/latest', message: /its target/ }],
    },
    {
      what: 'a link in the place of a file, which is not followed',
      change: folder => {
        renameSync(join(folder, 'uploads/a.png'), join(folder, '../a.png'))
        symlinkSync('../../a.png', join(folder, 'uploads/a.png'))
        setTimeOf(folder, 'uploads')
      },
      found: [{ code: 'file-differs', subject: 'uploads/a.png', message: /it is a link and was a file/ }],
    },
    {
      what: 'a file too much, and a second name',
      change: folder => {
        writeFileSync(join(folder, 'uploads/.hidden'), 'x')
        linkSync(join(folder, 'uploads/big'), join(folder, 'big\u001b[2J'))
        setTimeOf(folder, 'uploads')
      },
      found: [
        { code: 'file-extra', subject: 'big\u001b[2J', message: /^A file that the backup does not hold/ },
        { code: 'file-extra', subject: 'uploads/.hidden', message: /^A file that the backup does not hold/ },
      ],
    },
  ]

  test.each(cases)('$what', async ({ change, found }) => {
    const root = await temporaryFolder()
    await plant(root, TREE)
    await chmod(join(root, 'uploads/a.png'), 0o644)
    await chmod(join(root, 'uploads/empty'), 0o755)
    for (const path of ['uploads/a.png', 'uploads']) setTimeOf(root, path)
    const out = collectSegments()
    const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
    const proved = await prove(storedBackup(out.segments, result), change)
    const findings = proved.findings.toSorted((a, b) => (a.message < b.message ? -1 : 0))
    expect(proved.findings).toHaveLength(found.length)
    for (const { code, subject, message } of found) {
      expect(findings).toContainEqual(
        expect.objectContaining({ code, subject, message: expect.stringMatching(message) }),
      )
    }
    expect(proved.checks).toMatchObject([{ result: 'passed' }, { name: 'files', result: 'failed' }])
    expect(await readdir(temporary)).toEqual([])
  })

  it('once each, the first of many by name', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `f${index}`)
    const backup = await backupOfTree(Object.fromEntries(names.map(name => [name, 'x'])))
    const { findings } = await prove(backup, folder => {
      for (const name of names) unlinkSync(join(folder, name))
    })
    expect(findings).toHaveLength(51)
    expect(findings.at(-1)).toMatchObject({ code: 'file-missing', subject: '10 others' })
  })
})

function setTimeOf(folder: string, path: string): void {
  utimesSync(join(folder, path), 1_000_000_000, 1_000_000_000)
}

describe('a backup that does not restore', () => {
  it.each([
    ['a path out of the folder', tarOf({ path: '../x', content: 'x' })],
    ['an absolute path', tarOf({ path: '/etc/x', content: 'x' })],
    ['a device', tarOf({ path: 'null', type: 'CharacterDevice' })],
    ['a path through a link', tarOf({ path: 'a', type: 'SymbolicLink', linkpath: '..' }, { path: 'a/x', content: '' })],
    ['a zero byte in a name', tarOf(paxEntry({ path: 'a\0b' }), { path: 'x', content: '' })],
    ['no end', tarOf({ path: 'a', content: 'x' }).subarray(0, 700)],
  ])('is damaged, with %s, and writes nothing', async (_, bytes) => {
    const { findings, checks } = await prove(await backupOf(bytes))
    expect(findings).toMatchObject([{ code: 'backup-damaged', subject: 'backup' }])
    expect(checks).toMatchObject([{ result: 'not-run' }, { result: 'not-run' }])
    expect(await readdir(temporary)).toEqual([])
  })

  it.each([
    ['damaged', 'backup-damaged'],
    ['store-unavailable', 'store-unavailable'],
    ['failed', 'check-failed'],
  ] as const)('as its chunks are %s, is %s', async (code, expected) => {
    const backup = failing(await backupOfTree(TREE), 1, code)
    expect((await prove(backup)).findings).toMatchObject([{ code: expected }])
    expect(await readdir(temporary)).toEqual([])
  })

  it('when it is read again to compare, says that it was restored', async () => {
    const { findings, checks, restoreTime } = await prove(failing(await backupOfTree(TREE), 2, 'damaged'))
    expect(findings).toMatchObject([{ code: 'backup-damaged' }])
    expect(checks).toMatchObject([
      { name: 'restore', result: 'passed' },
      { name: 'files', result: 'not-run' },
    ])
    expect(restoreTime).toBeGreaterThan(0)
  })
})

/** From the n-th reading on. */
function failing(backup: StoredBackup, from: number, code: 'damaged' | 'store-unavailable' | 'failed'): StoredBackup {
  let reading = 0
  return {
    ...backup,
    async *read(segment, signal) {
      if (++reading >= from) throw new ComebackError(code, 'The pack is not what it was.')
      yield* backup.read(segment, signal)
    },
  }
}

describe('where there is no place to prove anything', () => {
  it('a temporary folder that is not there is said', async () => {
    temporary = join(temporary, 'missing')
    const { findings } = await prove(await backupOfTree(TREE))
    expect(findings).toMatchObject([{ code: 'check-failed', subject: temporary, hint: /TMPDIR/ }])
  })

  it('an abort ends the proof, and leaves no folder behind', async () => {
    const backup = await backupOfTree(TREE)
    for (const phase of ['Checking names', 'Writing files', 'Comparing every file']) {
      const abort = new AbortController()
      const context = {
        progress: { advance: () => undefined, phase: (text: string) => (text === phase ? abort.abort() : undefined) },
      }
      await expect(createFilesProver({ temporary }).prove(backup, context, abort.signal)).rejects.toThrow('abort')
      expect(await readdir(temporary)).toEqual([])
    }
  })

  it('a link out of the folder that somebody puts into it is not followed when it is removed', async () => {
    const outside = await temporaryFolder()
    await plant(outside, { treasure: 'gold' })
    await symlink(outside, join(outside, 'self'))
    const { findings } = await prove(await backupOfTree(TREE), folder => symlinkSync(outside, join(folder, 'out')))
    expect(findings).toMatchObject([{ code: 'file-extra', subject: 'out' }])
    expect(await readdir(outside)).toEqual(['self', 'treasure'])
  })
})
