/** Records that somebody left in the store, of any date, with any key's id: what is authentic comes before all of them. */
import { expect, test } from 'vitest'
import { parseMoment } from '../../src/engine/catalog.ts'
import { exportBackup } from '../../src/engine/export.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { restore } from '../../src/engine/restore.ts'
import { type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { goodBackup, keyring, noise } from './scene.ts'

const BYTES = noise('rows', 40_000)
const never = new AbortController().signal

async function forge(store: MemoryStore, id: string, changes: Partial<Manifest> | Buffer): Promise<void> {
  const [name = ''] = [...store.objects.keys()].filter(object => object.endsWith('/manifest.json'))
  const { mac: _, ...unsealed } = parseManifest(await store.get(name), name)
  const bytes = Buffer.isBuffer(changes)
    ? changes
    : sealManifest({ ...unsealed, id, chain: id, ...changes }, Buffer.alloc(32, 7))
  store.objects.set(`database/${id}/manifest.json`, bytes)
}

const FORGERIES: readonly (readonly [string, Partial<Manifest> | Buffer])[] = [
  ["another key's", { keyId: '00'.repeat(8), idSalt: '11'.repeat(16) }],
  ['one that claims to be ours', {}],
  ['one of another chain that claims to be ours', { idSalt: '11'.repeat(16) }],
  ['no manifest at all', Buffer.from('{')],
  ['one of a newer format', Buffer.from('{"format": 3}')],
]

test.each(
  FORGERIES.flatMap(([what, changes]) =>
    ['20261101T020001Z-0000aa', '20990101T000000Z-0000aa'].map(id => [what, id, changes] as const),
  ),
)(
  'for %s as the newest, %s, the newest that is authentic is restored and exported, and it is told',
  async (_what, id, changes) => {
    const store = createMemoryStore()
    const { id: real } = await goodBackup(store, memorySource([{ name: 'rows', bytes: BYTES }]))
    await forge(store, id, changes)
    const events: ProgressEvent[] = []
    const sink = memorySink()
    const common = {
      store,
      keyring,
      component: 'database',
      moment: parseMoment('latest'),
      progress: (event: ProgressEvent) => void events.push(event),
      signal: never,
    } as const
    await restore({ ...common, sink, now: () => new Date() })
    expect(Buffer.concat([...sink.restored.values()])).toEqual(BYTES)
    expect((await exportBackup({ ...common, target: createMemoryStore(), level: 1 })).id).toBe(real)
    const warnings = events.filter(({ type }) => type === 'warning')
    expect(warnings).toHaveLength(2)
    for (const warning of warnings) expect(warning).toMatchObject({ message: expect.stringContaining(id) })
  },
)

test('hundreds of them cost as many warnings as a person reads, and by their id they are refused', async () => {
  const store = createMemoryStore()
  await goodBackup(store, memorySource([{ name: 'rows', bytes: BYTES }]))
  for (let number = 0; number < 300; number++) {
    await forge(
      store,
      `2099${String(101 + (number % 28)).padStart(4, '0')}T000${String(number).padStart(3, '0').slice(0, 1)}${String(number % 60).padStart(2, '0')}Z-${String(number).padStart(6, '0')}`,
      {},
    )
  }
  const events: ProgressEvent[] = []
  const sink = memorySink()
  const common = { store, keyring, component: 'database', sink, now: () => new Date(), signal: never } as const
  const progress = (event: ProgressEvent) => void events.push(event)
  await restore({ ...common, moment: parseMoment('latest'), progress })
  expect(Buffer.concat([...sink.restored.values()])).toEqual(BYTES)
  expect(events.filter(({ type }) => type === 'warning')).toHaveLength(4)
  const [id = ''] = [...store.objects.keys()]
    .filter(name => name.startsWith('database/2099'))
    .map(name => name.split('/')[1])
  await expect(restore({ ...common, moment: parseMoment(id), progress })).rejects.toMatchObject({ code: 'damaged' })
})
