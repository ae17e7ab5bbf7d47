import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeUrl, identityOf, parseDatabaseUrl } from '../../../src/postgres/connection/connection-url.ts'

test.each([
  ['postgresql://u:p@Db.Example.com/Shop', 'db.example.com:5432/Shop'],
  ['postgres://u:p@h:6543/d?sslmode=require&channel_binding=require', 'h:6543/d'],
  ['postgresql://u@[::1]:5433/d', '[::1]:5433/d'],
  ['postgresql://u@/d?host=/var/run/postgresql', '/var/run/postgresql:5432/d'],
  ['postgresql://u@%2Fvar%2Frun/d', '/var/run:5432/d'],
  ['postgresql:///d?host=h&port=1234&user=me&dbname=other', 'h:1234/other'],
  ['postgresql://u@h', 'h:5432/u'],
  ['postgresql://u@h/%C3%BC%20x', 'h:5432/ü x'],
])('%s is %s', (url, identity) => {
  expect(identityOf(url)).toBe(identity)
  expect(describeUrl(url).toLowerCase()).toBe(identity.toLowerCase())
})

test('sslmode=require is no verification, and a URL without a mode prefers TLS', () => {
  expect(parseDatabaseUrl('postgresql://u@h/d?sslmode=require').sslMode).toBe('require')
  expect(parseDatabaseUrl('postgresql://u@h/d')).toMatchObject({ sslMode: 'prefer', sslModeGiven: false })
  expect(parseDatabaseUrl('postgresql://u@h/d?ssl=true').sslMode).toBe('verify-full')
})

test.each([
  '',
  'not a url',
  'mysql://u:s3cret@h/d',
  'postgresql://u:s3cret#x@h/d',
  'postgresql://u:s3cret/x@h/d',
  'postgresql://u:s3cret%zz@h/d',
  'postgresql://u:s3cret@h1,h2/d',
  'postgresql://u:s3cret@h:99999/d',
  'postgresql://u:s3cret@h/d?sslmode=s3cret',
])('%s is refused without being repeated', url => {
  const error = (() => {
    try {
      return parseDatabaseUrl(url)
    } catch (error) {
      return error as Error & { hint?: string; cause?: unknown }
    }
  })()
  expect(error).toMatchObject({ code: 'usage' })
  expect(JSON.stringify([String(error), 'hint' in error && error.hint, 'cause' in error && error.cause])).not.toContain(
    's3cret',
  )
})

test('any password that is percent-encoded comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), password => {
      expect(parseDatabaseUrl(`postgresql://u:${encodeURIComponent(password)}@h/d`).password).toBe(password)
    }),
  )
})
