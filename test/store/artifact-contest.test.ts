/** Several artifacts of one backup under one name: code of other runs in the same repository may upload under any. */
import { expect, test } from 'vitest'
import { parseObjectName } from '../../src/repository/layout.ts'
import { isAuthenticRecord } from '../../src/repository/manifests.ts'
import type { Vouching } from '../../src/store/artifact-contest.ts'
import { artifactName } from '../../src/store/artifact-names.ts'
import type { Store } from '../../src/store/store.ts'
import { goodBackup, keyring, noise, runRestore } from '../engine/scene.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { plant } from '../support/github/plant.ts'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'
import { list } from './contract.ts'

const BYTES = noise('rows', 40_000)
const SOURCE = memorySource([{ name: 'rows', bytes: BYTES }])

const VOUCHING: Vouching = {
  records: ['manifest.json', 'placeholder.json'],
  limit: 2 ** 20,
  async vouch(object, bytes) {
    const place = parseObjectName(object)
    return place !== undefined && isAuthenticRecord(bytes, place, keyring)
  },
}

async function intrude({ github }: ArtifactPlace, object: string, bytes: Uint8Array, turn = 1): Promise<void> {
  const run = github.newRun({ event: 'pull_request', branch: 'dependabot/npm/evil' })
  const name = artifactName({ object, run: String(run.id), attempt: '1', turn }) ?? ''
  await plant(github, run, name, bytes)
}

async function restored(store: Store): Promise<Buffer> {
  const sink = memorySink()
  await runRestore(store, sink)
  return Buffer.concat([...sink.restored.values()])
}

/** Somebody acts right before each object of that name is put. */
function watched(store: Store, file: RegExp, act: (name: string) => Promise<void>): Store {
  return {
    ...store,
    async put(name, body, signal) {
      if (file.test(name)) await act(name)
      return store.put(name, body, signal)
    },
  }
}

test.each([/manifest\.json$/, /index\./, /manifest\.json$|index\./])(
  'what another run of the repository put first as %s is neither in the way nor read, with or without the key',
  async file => {
    await using place = await artifactPlace()
    const store = watched(place.inAction(), file, name => intrude(place, name, Buffer.from('{"mine":true}')))
    expect((await goodBackup(store, SOURCE)).status).toBe('complete')
    expect(await restored(place.outside())).toEqual(BYTES)
    expect(await restored(place.outside({ vouching: VOUCHING }))).toEqual(BYTES)
  },
)

test('of several records the authentic one is read, even if another was there before anything else of the backup', async () => {
  await using place = await artifactPlace()
  const memory = createMemoryStore()
  await goodBackup(memory, SOURCE)
  const names = await list(memory, '')
  // As a copy to this store would: its names are known before.
  for (const name of names) await intrude(place, name, Buffer.from('{"mine":true}'))
  const run = place.run
  for (const object of names) {
    const name = artifactName({ object, run: String(run.id), attempt: '1', turn: 1 }) ?? ''
    await plant(place.github, run, name, await memory.get(object))
  }
  expect(await restored(place.outside({ vouching: VOUCHING }))).toEqual(BYTES)
})
