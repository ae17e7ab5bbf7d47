/** Downloads over a bad line: cut, stalled, expired URLs, answers that are not what was asked for. */
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'
import { codeOf } from './contract.ts'

const NAME = 'database/b1/pack'
const BYTES = randomBytes(3_000_000)
const SIGNING = /\/zip$/
const BLOB = /^GET \/.*sig=/

let place: ArtifactPlace
let clock: number
let store: Store
beforeEach(async () => {
  clock = Date.now()
  place = await artifactPlace({ now: () => clock })
  await place.inAction().put(NAME, [BYTES])
  store = place.outside()
})
afterEach(() => place[Symbol.asyncDispose]())

function count(what: RegExp): number {
  return place.github.requests.filter(line => what.test(line)).length
}

async function whole(): Promise<boolean> {
  return BYTES.equals(await store.get(NAME))
}

it('goes on at the byte it had reached when the connection is cut, again and again', async () => {
  for (let cut = 0; cut < 8; cut++) place.github.fault({ match: BLOB, truncate: 300_000 })
  expect(await whole()).toBe(true)
  expect(place.github.unmet()).toEqual([])
  expect(count(BLOB)).toBe(9)
  // It got further each time, so there was nothing to wait for.
  expect(place.waits).toEqual([])
})

it('goes on inside of a range, too', async () => {
  place.github.fault({ match: BLOB, truncate: 1_000_000 })
  const bytes = await store.get(NAME, { range: { offset: 500_000, length: 2_000_000 } })
  expect(BYTES.subarray(500_000, 2_500_000).equals(bytes)).toBe(true)
  expect(count(BLOB)).toBe(2)
})

it('asks for a new URL when the old one has expired in the middle', async () => {
  place.github.fault({ match: BLOB, truncate: 1_000_000 })
  place.github.fault({ match: BLOB, status: 403 })
  expect(await whole()).toBe(true)
  expect(count(SIGNING)).toBe(3)
})

it('uses a URL for less than the minute that it lives', async () => {
  const range = { offset: 10, length: 5 }
  await store.get(NAME, { range })
  clock += 44_000
  await store.get(NAME, { range })
  expect(count(SIGNING)).toBe(1)
  clock += 2_000
  await store.get(NAME, { range })
  expect(count(SIGNING)).toBe(2)
})

it('signs anew when the server calls a URL expired that should still live', async () => {
  await store.get(NAME, { range: { offset: 0, length: 1 } })
  place.github.fault({ match: BLOB, status: 403 })
  expect(await store.get(NAME, { range: { offset: 0, length: 1 } })).toHaveLength(1)
  expect(count(SIGNING)).toBe(2)
})

it('gives up, for another try, after a few attempts without a byte more', async () => {
  place.github.fault({ match: BLOB, reset: true, times: 4 })
  expect(await codeOf(store.get(NAME))).toBe('store-unavailable')
  expect(count(BLOB)).toBe(4)
  expect(place.waits).toEqual([500, 1000, 2000])
  expect(await whole()).toBe(true)
})

it('does not name the signed URL in its errors', async () => {
  place.github.fault({ match: BLOB, status: 500, times: 4 })
  const error = await store.get(NAME).catch((reason: unknown) => reason)
  expect(JSON.stringify([String(error), error])).not.toContain('sig=')
})

it('does not wait for a server that sends nothing', async () => {
  place.github.fault({ match: BLOB, delay: 30_000 })
  const begun = performance.now()
  const hasty = place.outside({ limits: { stall: 1000 } })
  expect(BYTES.equals(await hasty.get(NAME))).toBe(true)
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(count(BLOB)).toBeGreaterThan(1)
})

it('never asks for an object that is larger than it may be', async () => {
  expect(await codeOf(store.get(NAME, { limit: BYTES.length - 1 }))).toBe('damaged')
  expect(count(SIGNING)).toBe(0)
})

it('never asks for bytes that lie behind the end', async () => {
  expect(await codeOf(store.get(NAME, { range: { offset: BYTES.length, length: 1 } }))).toBe('damaged')
  expect(count(SIGNING)).toBe(0)
})

it.each([
  ['is shorter than listed', { status: 206, headers: { 'content-range': 'bytes 0-9/10' } }],
  ['ends before the range', { status: 416 }],
])('calls a blob damaged that %s', async (_, answer) => {
  place.github.fault({ match: BLOB, body: '0123456789', ...answer })
  expect(await codeOf(store.get(NAME))).toBe('damaged')
})

it('takes no bytes of another range', async () => {
  const headers = { 'content-range': `bytes 5-${BYTES.length - 1}/${BYTES.length}` }
  place.github.fault({ match: BLOB, status: 206, headers, body: 'other bytes' })
  expect(await whole()).toBe(true)
})

it('takes no more bytes than it asked for', async () => {
  const headers = { 'content-range': `bytes 0-3/${BYTES.length}` }
  place.github.fault({ match: BLOB, status: 206, headers, body: 'far too many bytes' })
  const bytes = await store.get(NAME, { range: { offset: 0, length: 4 } })
  expect(Buffer.from(bytes).toString()).toBe('far ')
})

it('calls an object damaged whose bytes are not those that were uploaded', async () => {
  const body = 'x'.repeat(BYTES.length)
  place.github.fault({ match: BLOB, status: 200, body })
  expect(createHash('sha256').update(body).digest('hex')).not.toBe(place.github.artifacts[0]?.digest)
  expect(await codeOf(store.get(NAME))).toBe('damaged')
})

it('says not-found of what was deleted since it was listed', async () => {
  await store.stat(NAME)
  await place.outside().delete(NAME)
  expect(await codeOf(store.get(NAME))).toBe('not-found')
})

it('ends a download at once when the signal aborts', async () => {
  const abort = new AbortController()
  place.github.fault({ match: BLOB, delay: 30_000 })
  const patient = place.outside()
  await patient.stat(NAME)
  const begun = performance.now()
  setTimeout(() => abort.abort(), 100)
  expect(await codeOf(patient.get(NAME, { signal: abort.signal }))).toBe('cancelled')
  expect(performance.now() - begun).toBeLessThan(20_000)
})
