import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createConfigSource } from '../../src/config/collect.ts'
import { createConfigProver } from '../../src/config/prove.ts'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { collectSegments, storedBackup } from '../fakes/segments.ts'
import { backupOf, tarOf } from '../files/tar-bytes.ts'
import { plant, temporaryFolder } from '../files/tree.ts'

const SIGNAL = new AbortController().signal

let temporary: string
let root: string
beforeEach(async () => {
  temporary = await temporaryFolder()
  root = await temporaryFolder()
  await plant(root, { '.env': 'A=1\n', 'config/app.yml': 'a: 1\n' })
})

async function backUp(environment: Readonly<Record<string, string>>, files = ['.env', 'config']) {
  const out = collectSegments()
  const result = await createConfigSource({ root, files, env: ['APP_*'], environment }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

/** `meanwhile` gets the review folder, after the restore and before the comparison. */
async function prove(backup: StoredBackup, meanwhile: (review: string) => void = () => undefined) {
  const progress = {
    advance: () => undefined,
    phase(text: string) {
      if (text !== 'Comparing every file') return
      const [folder = ''] = readdirSync(temporary)
      meanwhile(join(temporary, folder, 'restored'))
    },
  }
  return createConfigProver({ temporary }).prove(backup, { progress }, SIGNAL)
}

describe('a configuration', () => {
  it('that came back, with its variables, is a proof without a finding', async () => {
    const outside = await temporaryFolder()
    await plant(outside, { 'nginx.conf': 'server {}\n' })
    const backup = await backUp({ APP_KEY: "it's\nsecret", APP_B: '' }, ['.env', 'config', join(outside, 'nginx.conf')])
    const { findings, checks } = await prove(backup)
    expect(findings).toEqual([])
    expect(checks).toMatchObject([
      { name: 'restore', result: 'passed' },
      {
        name: 'files',
        result: 'passed',
        detail: expect.stringMatching(/^3 files, .*by SHA-256; 2 environment variables, read back$/),
      },
    ])
    expect(await readdir(temporary)).toEqual([])
  })

  it('never has the values of its variables on the disk, nor in what is said of them', async () => {
    const backup = await backUp({ APP_KEY: 'geheim' })
    const texts: string[] = []
    const result = await prove(backup, review => {
      const entries = readdirSync(review, { recursive: true, withFileTypes: true })
      texts.push(...entries.filter(e => e.isFile()).map(e => readFileSync(join(e.parentPath, e.name), 'utf8')))
    })
    expect(texts.length).toBeGreaterThan(3)
    for (const text of texts) expect(text).not.toContain('geheim')
    expect(JSON.stringify(result)).not.toContain('geheim')
  })

  it('with a file changed, missing or too much is found so', async () => {
    const { findings } = await prove(await backUp({}), review => {
      writeFileSync(join(review, 'files/.env'), 'A=2\n')
      unlinkSync(join(review, 'files/config/app.yml'))
      writeFileSync(join(review, 'files/new'), 'x')
    })
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual(
      expect.arrayContaining([
        ['file-differs', 'files/.env'],
        ['file-missing', 'files/config/app.yml'],
        ['file-extra', 'files/new'],
      ]),
    )
    expect(await readdir(temporary)).toEqual([])
  })

  it('whose list of variables is none is damaged', async () => {
    const bytes = tarOf({ path: 'environment.env', content: "APP='x'; rm -rf /\n" })
    const { findings } = await prove(await backupOf(bytes))
    expect(findings).toMatchObject([{ code: 'backup-damaged' }])
    expect(JSON.stringify(findings)).not.toContain('rm -rf')
  })

  it('with a name for a variable twice does not read back the same', async () => {
    const bytes = tarOf({ path: 'environment.env', content: "A='1'\nA='2'\n" })
    const { findings } = await prove(await backupOf(bytes))
    expect(findings).toMatchObject([{ code: 'file-differs', subject: 'environment.env' }])
  })

  it('is proved even where an original lies in the temporary folder', async () => {
    await mkdir(join(temporary, 'etc'))
    await plant(temporary, { 'etc/app.conf': 'x' })
    const out = collectSegments()
    const files = [join(temporary, 'etc/app.conf')]
    const result = await createConfigSource({ root, files, env: [], environment: {} }).read(out, SIGNAL)
    temporary = join(temporary, 'etc')
    const backup = storedBackup(out.segments, result)
    expect((await createConfigProver({ temporary }).prove(backup, noContext(), SIGNAL)).findings).toEqual([])
    expect(await readdir(temporary)).toEqual(['app.conf'])
  })
})

function noContext() {
  return { progress: { advance: () => undefined, phase: () => undefined } }
}
