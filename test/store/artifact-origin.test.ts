/** What code of others can do with artifacts named as those of backups are: nothing, wherever it ran. */
import { expect, it, test } from 'vitest'
import type { Manifest } from '../../src/format/manifest.ts'
import { sealManifest } from '../../src/format/manifest.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import { artifactName } from '../../src/store/artifact-names.ts'
import { originOf } from '../../src/store/artifact-origin.ts'
import type { Store } from '../../src/store/store.ts'
import { fakeClock, goodBackup, manifest, noise, runBackup, runRestore } from '../engine/scene.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import type { Run } from '../support/github/github.ts'
import { plant } from '../support/github/plant.ts'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'
import { list } from './contract.ts'

const BYTES = noise('rows', 40_000)
const SOURCE = memorySource([{ name: 'rows', bytes: BYTES }])
const FORK = 77

function forkRun({ github }: ArtifactPlace): Run {
  return github.newRun({ event: 'pull_request', branch: 'innocent', headRepository: FORK })
}

/** A name that the attacker's own run is in. */
function named(object: string, run: Run, turn = 1): string {
  return artifactName({ object, run: String(run.id), attempt: String(run.attempt), turn }) ?? ''
}

/** A manifest that only its form is right of, and the digits of its MAC. */
async function forged(changes: Partial<Manifest>): Promise<Buffer> {
  const other = createMemoryStore()
  await goodBackup(other, SOURCE, { keyring: new Keyring('a key that nobody else has') })
  const real = await manifest(other).catch(() => undefined)
  const bytes = real === undefined ? await firstManifest(other) : undefined
  const { mac: _, ...unsealed } = { ...(real ?? JSON.parse(String(bytes))), ...changes } as Manifest
  return sealManifest(unsealed, Buffer.alloc(32, 7))
}

async function firstManifest(store: Store): Promise<Uint8Array> {
  const [name = ''] = (await list(store, '')).filter(object => object.endsWith('/manifest.json'))
  return store.get(name)
}

async function restored(store: Store): Promise<Buffer> {
  const sink = memorySink()
  await runRestore(store, sink)
  return Buffer.concat([...sink.restored.values()])
}

/** The same store, with a run of somebody else that acts right before the manifest is put. */
function preempted(store: Store, act: (manifestName: string) => Promise<void>): Store {
  return {
    ...store,
    async put(name, body, signal) {
      if (name.endsWith('/manifest.json')) await act(name)
      return store.put(name, body, signal)
    },
  }
}

test.each([
  ['a fork', FORK],
  ['a fork that is deleted by now', null],
])('a manifest that the pull request of %s put first stands before nobody', async (_, headRepository) => {
  await using place = await artifactPlace()
  const run = place.github.newRun({ event: 'pull_request', headRepository })
  const store = preempted(place.inAction(), async name =>
    plant(place.github, run, named(name, run), await forged({ id: name.split('/')[1] ?? '' })),
  )
  expect((await goodBackup(store, SOURCE)).status).toBe('complete')
  expect(await restored(place.outside())).toEqual(BYTES)
})

test.each(['20261201T020000Z-0000aa', '20990101T000000Z-0000aa'])(
  'a forged newest manifest %s of a fork is no backup',
  async id => {
    await using place = await artifactPlace()
    await goodBackup(place.inAction(), SOURCE)
    const run = forkRun(place)
    await plant(place.github, run, named(`database/${id}/manifest.json`, run), await forged({ id, chain: id }))
    expect(await restored(place.outside())).toEqual(BYTES)
    const clock = fakeClock()
    clock.nextDay()
    const next = await goodBackup(place.inAction({}, place.github.newRun()), SOURCE, { clock })
    expect(next).toMatchObject({ status: 'complete', problems: [] })
  },
)

test('a forged first manifest of a fork does not keep the first backup from being made', async () => {
  await using place = await artifactPlace()
  const id = '20261001T020000Z-0000aa'
  const run = forkRun(place)
  await plant(place.github, run, named(`database/${id}/manifest.json`, run), await forged({ id, chain: id }))
  expect((await runBackup(place.inAction(), SOURCE)).status).toBe('complete')
  expect(await restored(place.outside())).toEqual(BYTES)
})

test('a name with the id of a run of ours makes nothing of a fork ours', async () => {
  await using place = await artifactPlace()
  await plant(place.github, forkRun(place), named('database/b1/pack', place.run), Buffer.from('x'))
  await plant(place.github, place.github.newRun(), named('database/b1/pack', place.run), Buffer.from('x'))
  expect(await list(place.outside(), '')).toEqual([])
  expect(place.warnings).toMatchObject([{ message: expect.stringMatching(/^2 artifacts .* do not count\.$/) }])
})

it.each([
  ['ours', { id: 5, repository_id: 1, head_repository_id: 1 }],
  ['foreign', { id: 5, repository_id: 1, head_repository_id: 2 }],
  ['foreign', { id: 5, repository_id: 1, head_repository_id: null }],
  ['foreign', { id: 6, repository_id: 1, head_repository_id: 1 }],
  ['unknown', undefined],
  ['unknown', null],
  ['unknown', { repository_id: 1, head_repository_id: 1 }],
  ['unknown', { id: 5, head_repository_id: 1 }],
  ['unknown', { id: 5, repository_id: 1 }],
] as const)('takes for %s what GitHub says was made by %j', (origin, made) => {
  expect(originOf(made, '5')).toBe(origin)
})

test('with a branch named only what its runs made counts, and a run of another one uploads nothing that would not', async () => {
  await using place = await artifactPlace()
  const onMain = place.github.newRun({ branch: 'main' })
  const elsewhere = place.github.newRun({ branch: 'feature' })
  const first = await goodBackup(place.inAction({ branch: 'main' }, onMain), SOURCE)
  await goodBackup(place.inAction({}, elsewhere), SOURCE, { clock: fakeClock('2026-11-02T02:00:00Z') })
  const limited = place.outside({ branch: 'main' })
  expect((await manifest(limited)).id).toBe(first.id)
  expect(place.warnings.map(({ message }) => message).join()).toContain('made by runs of other branches')
  const { apiUrl, serverUrl } = { apiUrl: place.github.url, serverUrl: 'https://github.com' }
  const run = { id: String(elsewhere.id), attempt: '1', retentionDays: 90, branch: 'feature' }
  const github = { apiUrl, serverUrl, repository: place.github.repository, run }
  const refused = place.inAction({ branch: 'main', github }, elsewhere)
  await expect(refused.put('database/x/y', [Buffer.from('z')])).rejects.toMatchObject({ code: 'unsupported' })
})
