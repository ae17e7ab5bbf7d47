/** What will not come back is said when the backup is made, and not only when it is needed. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { collectSegments } from '../fakes/segments.ts'
import { plant, temporaryFolder } from './tree.ts'

test('links that lead out, and programs that run as somebody else, are named by the backup', async () => {
  const root = await temporaryFolder()
  await plant(root, { current: { link: '/srv/app/7' }, up: { link: '../x' }, in: { link: 'run' }, run: 'x' })
  await plant(root, { big: Buffer.alloc(300_000, 'x') })
  for (const name of ['run', 'big']) await chmod(join(root, name), 0o4755)
  const source = createFilesSource({ root, include: ['.'], exclude: [] })
  const { problems } = await source.read(collectSegments(), new AbortController().signal)
  const said = problems.map(({ severity, message }) => `${severity}: ${message.split(' ', 3).join(' ')}`)
  expect(said.toSorted()).toEqual([
    'warning: big runs as',
    'warning: current is a',
    'warning: run runs as',
    'warning: up is a',
  ])
})
