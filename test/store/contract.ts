/** What every store promises, in executable form. `storeContract('local', …)` inside a test file runs all of it. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ComebackError, type ErrorCode } from '../../src/errors.ts'
import type { ObjectInfo, Store } from '../../src/store/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  close(): Promise<void>
}

/** Each test opens an empty store of its own. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store keeps the contract:`, () => {
    let opened: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(() => opened.close())

    it('says where it is and how big packs should be', () => {
      expect(store.location).not.toBe('')
      expect(store.packSize).toBeGreaterThan(0)
    })

    it.each([0, 1, 511, 512, 513, 1_000_000])('gives back an object of %d bytes', async size => {
      const bytes = randomBytes(size)
      await store.put('database/b1/object', [bytes])
      expect(Buffer.from(await store.get('database/b1/object')).equals(bytes)).toBe(true)
      expect(await store.stat('database/b1/object')).toMatchObject({ name: 'database/b1/object', size })
    })

    it('joins the parts of a body', async () => {
      const parts = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two'), randomBytes(100_000)]
      await store.put('files/b1/parts', parts)
      expect(Buffer.from(await store.get('files/b1/parts')).equals(Buffer.concat(parts))).toBe(true)
    })

    it('stores an empty body without parts', async () => {
      await store.put('files/b1/empty', [])
      expect((await store.stat('files/b1/empty')).size).toBe(0)
    })

    it('never replaces an object', async () => {
      await store.put('config/b1/manifest.json', [Buffer.from('first')])
      expect(await codeOf(store.put('config/b1/manifest.json', [Buffer.from('second')]))).toBe('already-exists')
      expect(await text(store, 'config/b1/manifest.json')).toBe('first')
    })

    it('lets one of several puts of a name win, whole', async () => {
      const bodies = ['a', 'b', 'c', 'd'].map(letter => Buffer.from(letter.repeat(50_000)))
      const outcomes = await Promise.all(bodies.map(body => codeOf(store.put('files/b1/contested', [body]))))
      expect(outcomes.filter(code => code === undefined)).toHaveLength(1)
      expect(outcomes.filter(code => code !== undefined).every(code => code === 'already-exists')).toBe(true)
      const winner = bodies[outcomes.indexOf(undefined)]
      expect(await text(store, 'files/b1/contested')).toBe(winner?.toString())
    })

    it('gives a range, from the first byte to the last', async () => {
      await store.put('files/b1/range', [Buffer.from('0123456789')])
      const range = async (offset: number, length: number) =>
        Buffer.from(await store.get('files/b1/range', { range: { offset, length } })).toString()
      expect(await range(0, 1)).toBe('0')
      expect(await range(3, 4)).toBe('3456')
      expect(await range(9, 1)).toBe('9')
      expect(await range(0, 10)).toBe('0123456789')
    })

    it('calls an object damaged that ends before the range does', async () => {
      await store.put('files/b1/range', [Buffer.from('0123456789')])
      for (const range of [
        { offset: 0, length: 11 },
        { offset: 9, length: 2 },
        { offset: 50, length: 1 },
      ]) {
        expect(await codeOf(store.get('files/b1/range', { range }))).toBe('damaged')
      }
    })

    it('calls an object damaged that is larger than the limit, and only then', async () => {
      await store.put('files/b1/limit', [Buffer.from('0123456789')])
      expect(await codeOf(store.get('files/b1/limit', { limit: 9 }))).toBe('damaged')
      expect(await store.get('files/b1/limit', { limit: 10 })).toHaveLength(10)
      expect(await store.get('files/b1/limit', { limit: 11 })).toHaveLength(10)
    })

    it('says not-found of what is not there', async () => {
      expect(await codeOf(store.get('database/none/object'))).toBe('not-found')
      expect(await codeOf(store.get('database/none/object', { range: { offset: 0, length: 1 } }))).toBe('not-found')
      expect(await codeOf(store.stat('database/none/object'))).toBe('not-found')
      await store.put('database/b1/object', [Buffer.from('x')])
      expect(await codeOf(store.get('database/b1/other'))).toBe('not-found')
      expect(await codeOf(store.get('database/b1'))).toBe('not-found')
      expect(await codeOf(store.stat('database/b1'))).toBe('not-found')
      expect(await codeOf(store.stat('database/b1/object/below'))).toBe('not-found')
    })

    it('deletes, and does not mind what is not there', async () => {
      await store.put('database/b1/object', [Buffer.from('x')])
      await store.delete('database/b1/object')
      await store.delete('database/b1/object')
      await store.delete('database/none/object')
      expect(await codeOf(store.stat('database/b1/object'))).toBe('not-found')
      expect(await list(store, '')).toEqual([])
      await store.put('database/b1/object', [Buffer.from('again')])
      expect(await text(store, 'database/b1/object')).toBe('again')
    })

    it('says of each object when it was put', async () => {
      const start = Date.now()
      await store.put('files/b1/a', [Buffer.from('a')])
      const [object] = await objects(store, 'files/')
      // Some tell the whole second.
      expect(object?.writtenAt?.getTime()).toBeGreaterThan(start - 2000)
      expect(object?.writtenAt?.getTime()).toBeLessThan(Date.now() + 2000)
    })

    it('lists nothing in an empty store', async () => {
      expect(await list(store, '')).toEqual([])
      expect(await list(store, 'database/')).toEqual([])
    })

    it('lists by prefix, whole names and sizes', async () => {
      const names = ['config/b1/x', 'database/b1/a', 'database/b1/b', 'database/b10/a', 'database/b2/a', 'files/b1/a']
      for (const [index, each] of names.entries()) await store.put(each, [Buffer.alloc(index)])
      expect(await list(store, '')).toEqual(names)
      expect(await list(store, 'database/')).toEqual(names.slice(1, 5))
      expect(await list(store, 'database/b1')).toEqual(names.slice(1, 4))
      expect(await list(store, 'database/b1/')).toEqual(names.slice(1, 3))
      expect(await list(store, 'database/b1/b')).toEqual(['database/b1/b'])
      expect(await list(store, 'data')).toEqual(names.slice(1, 5))
      expect(await list(store, 'nothing/')).toEqual([])
      const sizes = new Map((await objects(store, '')).map(object => [object.name, object.size]))
      expect(names.map(each => sizes.get(each))).toEqual([0, 1, 2, 3, 4, 5])
    })

    it('refuses names that could lead out of it', async () => {
      for (const bad of ['', '/', '/a', 'a/', 'a//b', '..', 'a/../b', './a', '.a', 'a/.b', 'a b', 'a\\b', 'ä', 'a\0']) {
        expect(await codeOf(store.put(bad, [Buffer.from('x')])), bad).toBe('usage')
        expect(await codeOf(store.get(bad)), bad).toBe('usage')
        expect(await codeOf(store.stat(bad)), bad).toBe('usage')
        expect(await codeOf(store.delete(bad)), bad).toBe('usage')
      }
      expect(await list(store, '../')).toEqual([])
    })

    it('does nothing once the signal has aborted', async () => {
      await store.put('files/b1/object', [Buffer.from('x')])
      const signal = AbortSignal.abort()
      expect(await codeOf(store.put('files/b1/new', [Buffer.from('x')], signal))).toBe('cancelled')
      expect(await codeOf(store.get('files/b1/object', { signal }))).toBe('cancelled')
      expect(await codeOf(store.stat('files/b1/object', signal))).toBe('cancelled')
      expect(await codeOf(store.delete('files/b1/object', signal))).toBe('cancelled')
      expect(await codeOf(objects(store, '', signal))).toBe('cancelled')
      expect(await list(store, '')).toEqual(['files/b1/object'])
    })

    it('throws the reason for which the signal aborted', async () => {
      const reason = new ComebackError('timeout', 'The time limit of the run has passed.')
      expect(await codeOf(store.stat('files/b1/object', AbortSignal.abort(reason)))).toBe('timeout')
    })
  })
}

/** The code with which it failed; undefined if it didn't. */
export async function codeOf(outcome: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await outcome
    return undefined
  } catch (error) {
    if (error instanceof ComebackError) return error.code
    throw error
  }
}

export async function objects(store: Store, prefix: string, signal?: AbortSignal): Promise<readonly ObjectInfo[]> {
  const found: ObjectInfo[] = []
  for await (const object of store.list(prefix, signal)) found.push(object)
  return found
}

/** Sorted names. */
export async function list(store: Store, prefix: string): Promise<readonly string[]> {
  return (await objects(store, prefix)).map(object => object.name).sort()
}

async function text(store: Store, name: string): Promise<string> {
  return Buffer.from(await store.get(name)).toString()
}
