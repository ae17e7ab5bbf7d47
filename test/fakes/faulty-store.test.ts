import { expect, it } from 'vitest'
import { codeOf, list, storeContract } from '../store/contract.ts'
import { createFaultyStore } from './faulty-store.ts'
import { createMemoryStore } from './memory-store.ts'

storeContract('faultless faulty', async () => ({
  store: createFaultyStore(createMemoryStore(), []),
  close: async () => {},
}))

const BODY = [Buffer.from('0123456789')]

it('fails the scripted call before its effect, and no other', async () => {
  const store = createFaultyStore(createMemoryStore(), [{ method: 'put', call: 2, code: 'store-full' }])
  await store.put('a/1', BODY)
  expect(await codeOf(store.put('a/2', BODY))).toBe('store-full')
  await store.put('a/3', BODY)
  expect(await list(store, '')).toEqual(['a/1', 'a/3'])
  expect(store.unmet()).toEqual([])
  expect(store.calls).toMatchObject({ put: 3, list: 1, any: 4 })
})

it('fails after the effect where told so', async () => {
  const fault = { method: 'put', call: 1, code: 'store-unavailable', when: 'after' } as const
  const store = createFaultyStore(createMemoryStore(), [fault])
  expect(await codeOf(store.put('a/1', BODY))).toBe('store-unavailable')
  expect(await list(store, '')).toEqual(['a/1'])
})

it('is gone for good after a lasting fault, whatever is called', async () => {
  const fault = { method: 'any', call: 2, code: 'store-unavailable', lasting: true } as const
  const store = createFaultyStore(createMemoryStore(), [fault])
  await store.put('a/1', BODY)
  expect(await codeOf(store.get('a/1'))).toBe('store-unavailable')
  expect(await codeOf(store.stat('a/1'))).toBe('store-unavailable')
  expect(await codeOf(list(store, ''))).toBe('store-unavailable')
})

it('hands out damaged bytes without harming the stored ones', async () => {
  const store = createFaultyStore(createMemoryStore(), [
    { method: 'get', call: 1, damage: 'truncate', naming: 'a/1' },
    { method: 'get', call: 2, damage: 'flip', naming: 'a/1' },
  ])
  await store.put('a/1', BODY)
  await store.put('a/2', BODY)
  const read = async (name: string) => Buffer.from(await store.get(name)).toString()
  expect(await read('a/2')).toBe('0123456789')
  expect(await read('a/1')).toBe('012345678')
  expect(await read('a/1')).toBe('0123446789')
  expect(await read('a/1')).toBe('0123456789')
})

it('names the faults that no call has met', async () => {
  const fault = { method: 'delete', call: 2, code: 'permission' } as const
  const store = createFaultyStore(createMemoryStore(), [fault])
  await store.delete('a/1')
  expect(store.unmet()).toEqual([fault])
})
