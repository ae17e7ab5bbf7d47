/** As users run it, and with less than the goal of 100,000 files: ratios and memory show there already. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { comeback } from '../bench/comeback.ts'
import { temporaryFolder } from './tree.ts'

const FILES = 20_000
const MiB = 1024 * 1024

test('a proof of many small files takes at most three times as long as their backup, and little memory', async () => {
  const place = await temporaryFolder()
  for (let index = 0; index < FILES; index++) {
    const folder = join(place, 'uploads', String(Math.floor(index / 1000)))
    if (index % 1000 === 0) await mkdir(folder, { recursive: true })
    await writeFile(join(folder, String(index)), `${index} `.repeat(200 + (index % 100)))
  }
  const program = comeback(true, place)
  const store = `file:${join(place, 'store')}`
  const backup = await program.run(['backup', 'files', '--files', 'uploads', '--store', store])
  const proof = await program.run(['verify', 'files', '--store', store])
  expect(proof.seconds / backup.seconds).toBeLessThan(3)
  expect(Math.max(backup.peak, proof.peak)).toBeLessThan(250 * MiB)
}, 600_000)
