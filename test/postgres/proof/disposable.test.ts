/** Where a proof may be made, as far as the URL tells. */
import { describe, expect, test } from 'vitest'
import { isNear, refuseUnmarked } from '../../../src/postgres/proof/disposable.ts'
import { failure } from '../round-trip.ts'

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'db.internal.example': ['10.1.2.3', 'fd12:3456::1'],
  'db.example.com': ['93.184.216.34'],
  'both.example.com': ['10.1.2.3', '93.184.216.34'],
  // Its beginning is that of a loopback address.
  '127.0.0.1.example.com': ['93.184.216.34'],
}
const addressesOf = async (host: string) => ADDRESSES[host] ?? []

describe('a host', () => {
  test.each([
    '/var/run/postgresql',
    'localhost',
    'shop.localhost',
    'postgres',
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '10.0.0.7',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    'fe80::1',
    'fd00:abcd::1',
    'db.internal.example',
  ])('%s is near', async host => {
    expect(await isNear(host, addressesOf)).toBe(true)
  })

  test.each([
    '93.184.216.34',
    '172.15.0.1',
    '172.32.0.1',
    '11.0.0.1',
    '2001:db8::1',
    '::ffff:93.184.216.34',
    'db.example.com',
    'both.example.com',
    '127.0.0.1.example.com',
    'without.address.example',
  ])('%s may be anywhere', async host => {
    expect(await isNear(host, addressesOf)).toBe(false)
  })
})

describe('a target', () => {
  const near = 'postgresql://u:p@localhost/scratch'
  const far = 'postgresql://u:p@db.example.com/scratch'
  const refused = (url: string, disposable: boolean, confirm?: string) =>
    failure(refuseUnmarked(url, { disposable, confirm }, addressesOf))

  test('that nobody marked as disposable is refused, wherever it is', async () => {
    for (const url of [near, far]) expect(await refused(url, false, 'scratch')).toMatchObject({ code: 'usage' })
  })

  test('that is far away is refused until its name is given', async () => {
    expect(await refused(far, true)).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--confirm scratch'),
    })
    await refuseUnmarked(far, { disposable: true, confirm: 'scratch' }, addressesOf)
  })

  test('is refused for another name than its own, even if it is near', async () => {
    for (const url of [near, far]) {
      const { code, message } = await refused(url, true, 'shop')
      expect(code).toBe('usage')
      expect(message).toContain('"shop" was confirmed')
    }
    await refuseUnmarked(near, { disposable: true, confirm: undefined }, addressesOf)
  })
})
