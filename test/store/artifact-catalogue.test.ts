/** Which artifacts count: pages, artifacts of others, expired ones, several of one object, listings that lag behind. */
import { expect, it } from 'vitest'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'
import { codeOf, list, objects } from './contract.ts'

const NAME = 'database/b1/pack'
const BODY = [Buffer.from('some bytes')]
const DAY = 86_400_000
const LISTING = /^GET \/repos\/acme\/app\/actions\/artifacts\?/
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

function listings({ github }: ArtifactPlace): number {
  return github.requests.filter(line => LISTING.test(line)).length
}

/** A page of records made up: `ids` count down, as GitHub's do. */
function page(ids: readonly number[], total: number, next: boolean) {
  const artifacts = ids.map(id => ({
    id,
    name: `comeback~files~b1~pack-${id}~7000000001-1.bin`,
    size_in_bytes: 1,
    createdAt: undefined,
    expired: false,
    expires_at: new Date(Date.now() + DAY).toISOString(),
    digest: null,
    workflow_run: { id: 7000000001, repository_id: 1, head_repository_id: 1, head_branch: 'main' },
  }))
  const link: Record<string, string> = next ? { link: '<http://localhost/next>; rel="next"' } : {}
  return { match: LISTING, status: 200, body: { total_count: total, artifacts }, headers: { ...JSON_TYPE, ...link } }
}

it('lists all pages of all runs, and only what is ours', async () => {
  await using place = await artifactPlace()
  const numbers = Array.from({ length: 250 }, (_, index) => 1000 - index)
  place.github.fault(page(numbers.slice(0, 100), 250, true))
  place.github.fault(page(numbers.slice(100, 200), 250, true))
  place.github.fault(page(numbers.slice(200), 250, false))
  const found = await list(place.outside(), 'files/')
  expect(found).toHaveLength(250)
  expect(listings(place)).toBe(3)
  expect(place.github.requests.at(-1)).toContain('page=3')
})

it('begins a listing anew when artifacts vanish meanwhile, for some would be missed', async () => {
  await using place = await artifactPlace()
  place.github.fault(page([5, 4], 4, true))
  // 5 and 4 were deleted: 3 and 2 are on the first page now.
  place.github.fault(page([], 2, false))
  place.github.fault(page([3, 2], 2, false))
  expect(await list(place.outside(), '')).toEqual(['files/b1/pack-2', 'files/b1/pack-3'])
})

it('gives up a listing that artifacts keep vanishing from, for another try', async () => {
  await using place = await artifactPlace()
  for (let round = 0; round < 3; round++) {
    place.github.fault(page([5], 4, true))
    place.github.fault(page([], 2, false))
  }
  expect(await codeOf(objects(place.outside(), ''))).toBe('store-unavailable')
})

it('lists artifacts once that uploads push to the next page', async () => {
  await using place = await artifactPlace()
  place.github.fault(page([5, 4], 3, true))
  place.github.fault(page([4, 3], 4, false))
  expect(await list(place.outside(), '')).toEqual(['files/b1/pack-3', 'files/b1/pack-4', 'files/b1/pack-5'])
})

it('ignores artifacts of others', async () => {
  await using place = await artifactPlace()
  const foreign = page([3, 2], 2, false)
  for (const record of foreign.body.artifacts) record.name = record.id === 3 ? 'coverage' : 'comeback~a b~1-1.bin'
  place.github.fault(foreign)
  expect(await list(place.outside(), '')).toEqual([])
})

it('shows to the command line what a run has stored, with the day on which it expires', async () => {
  await using place = await artifactPlace()
  await place.inAction().put(NAME, BODY)
  const [info] = await objects(place.outside(), '')
  expect(info).toMatchObject({ name: NAME, size: 10 })
  expect(info?.expiresAt).toEqual(place.github.artifacts[0]?.expiresAt)
  expect(Math.round(((info?.expiresAt?.getTime() ?? 0) - Date.now()) / DAY)).toBe(60)
})

it('stores under a name that an earlier attempt of the run has used up', async () => {
  await using place = await artifactPlace()
  await place.inAction().put(NAME, BODY)
  await place.outside().delete(NAME)
  const again = place.inAction({}, place.github.attempt(place.run))
  await again.put(NAME, BODY)
  expect(place.github.artifacts.map(({ name }) => name)).toEqual([
    'comeback~database~b1~pack~7000000001-1.bin',
    'comeback~database~b1~pack~7000000001-2.bin',
  ])
  expect(await list(again, '')).toEqual([NAME])
})

it('finds in one listing what several look for at once', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  await store.put(NAME, BODY)
  const outside = place.outside()
  const before = listings(place)
  await Promise.all([1, 2, 3, 4].map(() => outside.stat(NAME)))
  expect(listings(place) - before).toBe(1)
  await Promise.all([1, 2, 3, 4].map(() => codeOf(outside.stat('database/b1/other'))))
  expect(listings(place) - before).toBe(2)
})

it('looks once more for what it does not know', async () => {
  await using place = await artifactPlace()
  const outside = place.outside()
  expect(await list(outside, '')).toEqual([])
  await place.inAction().put(NAME, BODY)
  expect((await outside.stat(NAME)).size).toBe(10)
})

it('knows what it has uploaded before any listing shows it, and what it has deleted while one still does', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  await store.put(NAME, BODY)
  place.github.fault(page([], 0, false))
  const [info] = await objects(store, '')
  expect(info).toMatchObject({ name: NAME, size: 10, expiresAt: expect.any(Date) })
  expect(Buffer.from(await store.get(NAME)).toString()).toBe('some bytes')
  expect(await list(store, '')).toEqual([NAME])
  const { id, name } = place.github.artifacts[0] ?? { id: 0, name: '' }
  await store.delete(NAME)
  const stale = page([id], 1, false)
  for (const record of stale.body.artifacts) record.name = name
  place.github.fault(stale)
  expect(await list(store, '')).toEqual([])
})

it('says of an expired artifact when it expired, and counts it as absent', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  await store.put(NAME, BODY)
  const outside = place.outside()
  expect(await list(outside, '')).toEqual([NAME])
  for (const { id } of place.github.artifacts) place.github.expire(id)
  const day = new Date().toISOString().slice(0, 10)
  const expired = { code: 'not-found', message: expect.stringContaining(`${NAME} expired on ${day}`) }
  // Known from a listing in which it had not expired yet.
  await expect(outside.get(NAME)).rejects.toMatchObject(expired)
  await expect(outside.stat(NAME)).rejects.toMatchObject(expired)
  await expect(place.outside().get(NAME, { range: { offset: 0, length: 1 } })).rejects.toMatchObject(expired)
  expect(await list(outside, '')).toEqual([])
  expect(await list(place.outside(), '')).toEqual([])
})

it('stores again under the name of what has expired', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  await store.put(NAME, BODY)
  for (const { id } of place.github.artifacts) place.github.expire(id)
  const later = place.inAction({}, place.github.newRun())
  await later.put(NAME, [Buffer.from('anew')])
  expect(Buffer.from(await place.outside().get(NAME)).toString()).toBe('anew')
})

it('reads the oldest of several artifacts of an object, and deletes all of them', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  const other = place.inAction({}, place.github.newRun())
  // Both look before either has stored.
  await Promise.all([list(store, ''), list(other, '')])
  await store.put(NAME, [Buffer.from('first')])
  await other.put(NAME, [Buffer.from('second')])
  const outside = place.outside()
  expect(await list(outside, '')).toEqual([NAME])
  expect(Buffer.from(await outside.get(NAME)).toString()).toBe('first')
  const [first] = place.github.artifacts
  place.github.expire(first?.id ?? 0)
  expect(Buffer.from(await place.outside().get(NAME)).toString()).toBe('second')
  await outside.delete(NAME)
  expect(place.github.artifacts.every(({ deleted }) => deleted)).toBe(true)
  expect(await codeOf(outside.get(NAME))).toBe('not-found')
})

it('refuses what another run has stored', async () => {
  await using place = await artifactPlace()
  await place.inAction().put(NAME, BODY)
  const later = place.inAction({}, place.github.newRun())
  expect(await codeOf(later.put(NAME, BODY))).toBe('already-exists')
})
