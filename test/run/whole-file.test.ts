/** A page or a badge, in a folder that others may write to. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writePage } from '../../src/run/html-file.ts'

test('no link that waits under the name of a draft is followed, and none stays behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'victim'), 'precious')
  symlinkSync('victim', join(folder, `.page.html.${process.pid}`))
  symlinkSync('victim', join(folder, 'page.html'))
  writePage('page', 'page.html', folder)
  expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious')
  expect(readFileSync(join(folder, 'page.html'), 'utf8')).toBe('page')
  expect(readdirSync(folder).toSorted()).toEqual([`.page.html.${process.pid}`, 'page.html', 'victim'].toSorted())
})
