import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createConfigSource } from '../../src/config/collect.ts'
import { createConfigSink } from '../../src/config/review.ts'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { backupOf, tarOf } from '../files/tar-bytes.ts'
import { describeTree, plant, run, temporaryFolder } from '../files/tree.ts'

const SIGNAL = new AbortController().signal

let root: string
let directory: string
beforeEach(async () => {
  root = await temporaryFolder()
  directory = join(await temporaryFolder(), 'review')
})

type Environment = Readonly<Record<string, string | undefined>>

async function backUp(files: readonly string[], environment: Environment = {}, env: readonly string[] = ['APP_*']) {
  const out = collectSegments()
  const result = await createConfigSource({ root, files, env, environment }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

async function restore(backup: StoredBackup, environment: Environment = {}, showValues = false) {
  const sink = createConfigSink({ directory, root, environment, showValues })
  const result = await sink.restore(backup, countProgress(), SIGNAL)
  return { ...result, diff: await readFile(join(directory, 'REVIEW.diff'), 'utf8') }
}

describe('a restored configuration', () => {
  it('lies in a review folder for its owner alone, the originals untouched', async () => {
    await plant(root, { '.env': 'A=1\n', 'config/app.sh': 'x\n' })
    await chmod(join(root, 'config/app.sh'), 0o777)
    const backup = await backUp(['.env', 'config'], { APP_KEY: 'geheim' })
    await writeFile(join(root, '.env'), 'A=2\n')
    const before = await describeTree(root)
    await restore(backup)
    expect(await describeTree(root)).toEqual(before)
    expect(await readFile(join(directory, 'files/.env'), 'utf8')).toBe('A=1\n')
    expect((await lstat(directory)).mode & 0o777).toBe(0o700)
    for (const [path, { kind, mode }] of Object.entries(await describeTree(directory))) {
      expect(mode, path).toBe(kind === 'folder' ? 0o700 : 0o600)
    }
  })

  it('comes with a diff by which patch makes what stands now into what the backup holds', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`)
    await plant(root, { '.env': lines.join(''), 'config/gone.yml': 'a: 1', same: 'same', 'no-end': 'x' })
    const backup = await backUp(['.env', 'config', 'same', 'no-end'])
    await writeFile(join(root, '.env'), lines.with(15, 'changed\n').join(''))
    await writeFile(join(root, 'no-end'), 'x\ny\n')
    await rm(join(root, 'config'), { recursive: true })
    const { summary, diff } = await restore(backup)
    expect(summary).toEqual([
      expect.stringContaining(directory),
      `Files that differ now: ${root}/.env, ${root}/no-end`,
      `Files that are missing now: ${root}/config/gone.yml`,
      `Files that are the same now: ${root}/same`,
      expect.stringContaining('REVIEW.diff'),
    ])
    expect(diff).toContain('-changed\n+line 15\n')
    expect(diff).not.toContain('line 2\n')
    const patched = await run(
      'git',
      ['apply', '--verbose', '--unsafe-paths', `--directory=${root}`, '-'],
      Buffer.from(diff),
    )
    expect(patched).toMatchObject({ status: 0 })
    expect(await readFile(join(root, '.env'), 'utf8')).toBe(lines.join(''))
    expect(await readFile(join(root, 'config/gone.yml'), 'utf8')).toBe('a: 1')
    expect(await readFile(join(root, 'no-end'), 'utf8')).toBe('x')
  })

  it('compares files from elsewhere with their own places', async () => {
    const etc = await temporaryFolder()
    await plant(etc, { 'nginx.conf': 'old\n' })
    const backup = await backUp([join(etc, 'nginx.conf')])
    await writeFile(join(etc, 'nginx.conf'), 'new\n')
    const { summary, diff } = await restore(backup)
    expect(summary).toContain(`Files that differ now: ${etc}/nginx.conf`)
    expect(diff).toContain('-new\n+old\n')
  })

  it('says of binary and of big files only that they differ', async () => {
    await plant(root, { binary: Buffer.from([0, 1, 2]), big: 'x\n'.repeat(1_000_000), same: Buffer.from([0]) })
    const backup = await backUp(['.'])
    await writeFile(join(root, 'binary'), Buffer.from([0, 1, 3]))
    await writeFile(join(root, 'big'), `${'x\n'.repeat(999_999)}y\n`)
    const { diff } = await restore(backup)
    expect(diff).toBe('Files a/big and b/big differ\nFiles a/binary and b/binary differ\n')
  })

  it('is not held up by a pipe in the place of an original', async () => {
    await plant(root, { socket: 'was a file' })
    const backup = await backUp(['socket'])
    await rm(join(root, 'socket'))
    await run('mkfifo', [join(root, 'socket')])
    expect((await restore(backup)).summary).toContain(`Files that differ now: ${root}/socket`)
  })

  it('is refused where the review folder holds anything', async () => {
    await plant(root, { '.env': 'A=1\n' })
    await plant(directory, { 'from-last-time': '' })
    await expect(restore(await backUp(['.env']))).rejects.toMatchObject({ code: 'not-empty' })
    expect(Object.keys(await describeTree(directory))).toEqual(['from-last-time'])
  })

  it('is refused where originals belong, even those that are gone', async () => {
    await plant(root, { 'config/deep/app.yml': 'a: 1\n' })
    const backup = await backUp(['config'])
    await rm(join(root, 'config'), { recursive: true })
    for (const into of ['config', 'config/deep']) {
      directory = join(root, into)
      await expect(restore(backup)).rejects.toMatchObject({ code: 'usage' })
    }
    expect(await describeTree(root)).toEqual({})
  })

  it('leaves no review folder behind when it fails', async () => {
    await plant(root, { '.env': 'A=1\n' })
    const backup = await backUp(['.env'])
    const abort = new AbortController()
    const progress = { phase: (text: string) => text.startsWith('Comparing') && abort.abort(), advance() {} }
    const sink = createConfigSink({ directory, root, environment: {}, showValues: false })
    await expect(sink.restore(backup, progress, abort.signal)).rejects.toThrow()
    expect(await describeTree(join(directory, '..'))).toEqual({})
  })

  it('closes an empty review folder that was open to others', async () => {
    await plant(root, { '.env': 'A=1\n' })
    await mkdir(directory, { mode: 0o777 })
    await restore(await backUp(['.env']))
    expect((await lstat(directory)).mode & 0o777).toBe(0o700)
  })

  it('is refused where its archive reaches out of the review folder', async () => {
    const backup = await backupOf(tarOf({ path: 'files/../../evil', content: 'x' }))
    await expect(restore(backup)).rejects.toMatchObject({ code: 'unsafe-archive' })
  })
})

describe('environment variables of a backup', () => {
  const THEN = { APP_A: 'geheim-1', APP_B: 'geheim-2', APP_SAME: 'geheim-3', OTHER: 'x' }
  const NOW = { APP_A: 'geheim-4', APP_SAME: 'geheim-3', APP_NEW: 'geheim-5', OTHER: 'y' }

  it('are compared by name in the summary, which never shows values', async () => {
    const { summary, problems } = await restore(await backUp([], THEN), NOW, true)
    expect(summary.slice(1, -1)).toEqual([
      'Variables that differ now: APP_A',
      'Variables that are missing now: APP_B',
      'Variables that are the same now: APP_SAME',
      'Variables that the backup lacks: APP_NEW',
      expect.stringContaining('.env.review'),
    ])
    expect(JSON.stringify([summary, problems])).not.toContain('geheim')
  })

  it('stand in .env.review by name and state, and no value reaches the disk', async () => {
    await restore(await backUp([], THEN), NOW)
    expect(await readFile(join(directory, '.env.review'), 'utf8')).toBe(
      [
        '# The environment variables of the backup. Their values are left out;',
        '# restored on a terminal with --show-values, they stand here.',
        '',
        '# APP_A differs from the present environment',
        '# APP_B missing from the present environment',
        '# APP_SAME equal to the present environment',
        '',
        '# Set now, and not in the backup:',
        '# APP_NEW',
        '',
      ].join('\n'),
    )
    expect((await run('grep', ['-r', 'geheim', directory])).stdout).toBe('')
    expect(Object.keys(await describeTree(directory))).toEqual(['.env.review', '.gitignore', 'REVIEW.diff'])
  })

  it('stand in .env.review as a shell reads them where values may be shown', async () => {
    const odd = { APP_A: `it's "odd"\n$(touch ${directory}/evil) # x`, APP_B: '' }
    await restore(await backUp([], odd), NOW, true)
    const file = join(directory, '.env.review')
    expect((await lstat(file)).mode & 0o777).toBe(0o600)
    const read = await run('sh', ['-c', `set -a; . ${file}; printf '%s|%s' "$APP_A" "$APP_B"`])
    expect(read.stdout).toBe(`${odd.APP_A}|`)
  })

  it('stand in the diff with their values where those may be shown', async () => {
    const { diff } = await restore(await backUp([], THEN), NOW, true)
    expect(diff).toContain("-APP_A='geheim-4'")
    expect(diff).toContain("+APP_A='geheim-1'")
    expect(diff).toContain("+APP_B='geheim-2'")
    expect(diff).toContain("-APP_NEW='geheim-5'")
    expect(diff).not.toContain('OTHER')
  })

  it('stand in the diff by name where they may not', async () => {
    const { diff } = await restore(await backUp([], THEN), NOW)
    expect(diff).not.toContain('geheim')
    for (const name of ['APP_A', 'APP_B', 'APP_NEW']) expect(diff).toContain(name)
    expect(diff).not.toContain('APP_SAME')
  })

  it('are not mentioned where the backup has none', async () => {
    await plant(root, { '.env': 'A=1\n' })
    const { summary } = await restore(await backUp(['.env'], {}, []), NOW)
    expect(summary.join()).not.toContain('Variables')
  })
})
