import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeFolder, makeFolderSync } from '../src/make-folder.ts'
import { openLocalStore } from '../src/store/local.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'comeback-folder-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string, mode?: number) => makeFolderSync(path, mode)],
])('%s', (_, make) => {
  test('makes what is missing, and says which was the outermost', async () => {
    expect(await make(join(root, 'a', 'b', 'c'), 0o700)).toBe(join(root, 'a'))
    expect(lstatSync(join(root, 'a', 'b')).mode & 0o777).toBe(0o700)
    expect(await make(join(root, 'a', 'b', 'c'))).toBeUndefined()
  })

  test('takes a link to a folder for one, and nothing else', async () => {
    mkdirSync(join(root, 'real'))
    symlinkSync('real', join(root, 'link'))
    expect(await make(join(root, 'link'))).toBeUndefined()
    expect(await make(join(root, 'link', 'x'))).toBe(join(root, 'link', 'x'))
    writeFileSync(join(root, 'file'), '')
    symlinkSync('nowhere', join(root, 'dangling'))
    await expect(make(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(root, 'dangling'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(root, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('ends where the system refuses with ENOENT what lies in a folder that is there', async () => {
    await expect(make('/proc/nope/deeper')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('a store where no folder can be made is refused with a hint', async () => {
  const store = openLocalStore('/proc/nope')
  const bytes = [Buffer.from('x')]
  await expect(store.put('database/b/x', bytes)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('ENOENT'),
    hint: expect.stringContaining('another store'),
  })
})
