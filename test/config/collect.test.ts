import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ConfigSourceOptions, createConfigSource } from '../../src/config/collect.ts'
import { collectSegments } from '../fakes/segments.ts'
import { describeTree, plant, run, type Tree, temporaryFolder } from '../files/tree.ts'

const SIGNAL = new AbortController().signal

async function plantedRoot(tree: Tree): Promise<string> {
  const root = await temporaryFolder()
  await plant(root, tree)
  return root
}

async function backUp(options: Partial<ConfigSourceOptions> & { readonly root: string }) {
  const out = collectSegments()
  const source = createConfigSource({ files: [], env: [], environment: {}, ...options })
  const result = await source.read(out, SIGNAL)
  const folder = await temporaryFolder()
  const tar = await run('tar', ['--warning=no-timestamp', '-xpf', '-', '-C', folder], out.stock())
  expect(tar).toMatchObject({ status: 0, stderr: '' })
  const tree = await describeTree(folder)
  const text = (path: string) => Buffer.from(tree[path]?.content ?? '', 'base64').toString()
  return { ...result, bytes: out.stock(), paths: Object.keys(tree), text, tree }
}

describe('a backup of configuration', () => {
  it('holds files below the root, files elsewhere, and variables, for the system’s tar', async () => {
    const root = await plantedRoot({ '.env': 'A=1', 'config/app.yml': 'x: 1', 'config/other.txt': '', src: 'no' })
    const etc = await plantedRoot({ 'nginx.conf': 'server {}' })
    const backup = await backUp({
      root,
      files: ['.env', 'config/*.yml', join(etc, 'nginx.conf')],
      env: ['SMTP_*'],
      environment: { SMTP_PASSWORD: "it's", SMTP_HOST: 'mail', OTHER: 'no' },
    })
    expect(backup.problems).toEqual([])
    expect(backup.paths.filter(path => backup.tree[path]?.kind === 'file')).toEqual([
      'environment.env',
      'files/.env',
      'files/config/app.yml',
      `system${etc}/nginx.conf`,
    ])
    expect(backup.text('environment.env')).toBe("SMTP_HOST='mail'\nSMTP_PASSWORD='it'\\''s'\n")
    expect(backup.text('files/.env')).toBe('A=1')
    expect(backup.tree['environment.env']?.mode).toBe(0o600)
  })

  it('may be of files alone or of variables alone', async () => {
    const root = await plantedRoot({ '.env': 'A=1' })
    expect((await backUp({ root, files: ['.env'] })).paths).toEqual(['files', 'files/.env'])
    expect((await backUp({ root, env: ['A'], environment: { A: '1' } })).paths).toEqual(['environment.env'])
  })

  it('is the same bytes for the same configuration', async () => {
    const root = await plantedRoot({ '.env': 'A=1' })
    const first = await backUp({ root, files: ['.env'], env: ['*'], environment: { A: '1', B: '2' } })
    const second = await backUp({ root, files: ['.env'], env: ['*'], environment: { B: '2', A: '1' } })
    expect(second.bytes.equals(first.bytes)).toBe(true)
  })

  it('says which patterns name nothing', async () => {
    const root = await plantedRoot({ '.env': 'A=1' })
    const { problems } = await backUp({ root, files: ['.env', 'missing.yml'], env: ['UNSET'] })
    expect(problems).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('missing.yml') },
      { severity: 'warning', message: expect.stringContaining('UNSET') },
    ])
  })

  it('is an error where nothing that was named is there', async () => {
    const root = await plantedRoot({})
    await expect(backUp({ root, files: ['.env'], env: ['UNSET'] })).rejects.toMatchObject({ code: 'not-found' })
    await expect(backUp({ root })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('keeps values of variables out of names, problems and details', async () => {
    const out = collectSegments()
    const root = await plantedRoot({})
    const source = createConfigSource({ root, files: [], env: ['A', 'B'], environment: { A: 'geheim' } })
    const result = await source.read(out, SIGNAL)
    const heads = out.segments.map(segment => segment.head)
    expect(JSON.stringify([source.identity, heads, result, out.phases])).not.toContain('geheim')
  })
})

it('takes no pattern that could not be meant, before anything is read', async () => {
  const root = await plantedRoot({})
  for (const options of [{ files: ['!x'] }, { env: ['COMEBACK_KEY'] }]) {
    expect(() => createConfigSource({ root, files: [], env: [], environment: {}, ...options })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    )
  }
})
