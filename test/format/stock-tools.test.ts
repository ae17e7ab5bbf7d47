import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decryptPack } from '../../src/format/cipher.ts'
import { codecOf } from '../../src/format/compression.ts'
import { derivePackKey, newPassphrase, PBKDF2_ITERATIONS } from '../../src/format/keys.ts'
import { needTools } from '../support/stock-tool.ts'
import { SEGMENTS, tinyBackup } from './tiny-backup.ts'

// What a person without Comeback would type. The key is only ever named by its file.
const ENC = ['enc', '-aes-256-cbc', '-pbkdf2', '-iter', String(PBKDF2_ITERATIONS), '-md', 'sha256']
const ALL = SEGMENTS.map(({ text }) => text).join('')
const folder = mkdtempSync(join(tmpdir(), 'comeback-stock-'))
const keyFile = join(folder, '.backup_key')
const passphrase = newPassphrase()

beforeAll(() => writeFileSync(keyFile, `${passphrase}\n`))
afterAll(() => rmSync(folder, { recursive: true }))

describe.each([
  ['gzip', ['gunzip', '-c']],
  ['zstd', ['zstd', '-dcq']],
] as const)('%s', (name, [program, argument]) => {
  test(`openssl and ${program} read the files of a full backup in name order`, async context => {
    needTools(context, 'openssl', program)
    const files = await tinyBackup(name, passphrase, PBKDF2_ITERATIONS)
    const packs = [...files].filter(([file]) => file.includes('.sql.')).sort(([a], [b]) => (a < b ? -1 : 1))
    const texts = packs.map(([, bytes]) => {
      const plain = run('openssl', [...ENC, '-d', '-pass', `file:${keyFile}`], bytes)
      return run(program, [argument], plain).toString()
    })
    expect(packs).toHaveLength(2)
    expect(texts.join('')).toBe(ALL)
  })

  test(`what ${program} and openssl write is read`, async context => {
    needTools(context, 'openssl', program)
    const writer = name === 'gzip' ? run('gzip', ['-c'], ALL) : run('zstd', ['-cq'], ALL)
    const stored = run('openssl', [...ENC, '-e', '-salt', '-pass', `file:${keyFile}`], writer)
    const key = await derivePackKey(passphrase, stored.subarray(8, 16), PBKDF2_ITERATIONS)
    const plain = await codecOf(name).decompress(decryptPack(key, stored), Buffer.byteLength(ALL))
    expect(plain.toString()).toBe(ALL)
  })

  test('a reader written in Python from the specification reads the backup', async context => {
    needTools(context, 'python3', 'openssl', program)
    for (const [file, bytes] of await tinyBackup(name, passphrase, 1000)) writeFileSync(join(folder, file), bytes)
    const result = run('python3', [join(import.meta.dirname, 'reader.py'), folder, keyFile], '')
    expect(JSON.parse(result.toString())).toEqual(Object.fromEntries(SEGMENTS.map(({ name, text }) => [name, text])))
  })
})

test('the reader written in Python reads each version of the format', context => {
  needTools(context, 'python3', 'openssl')
  const golden = join(folder, 'golden.key')
  writeFileSync(golden, 'correct horse battery staple\n')
  for (const version of ['format-1', 'format-2']) {
    const backup = join(import.meta.dirname, '../fixtures', version, 'gzip')
    const result = run('python3', [join(import.meta.dirname, 'reader.py'), backup, golden], '')
    expect(Object.keys(JSON.parse(result.toString()))).toEqual(SEGMENTS.map(({ name }) => name))
  }
})

function run(program: string, args: readonly string[], input: string | Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`)
  return stdout
}
