import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scrubbed, scrubber, secretsOfUrl } from '../../src/report/scrub.ts'

const secretText = fc
  .string({ unit: 'grapheme', minLength: 4, maxLength: 40 })
  .filter(text => text.trim().length >= 4 && !text.includes('*'))

describe('a secret never shows', () => {
  test('whatever stands around it, however often it occurs', () => {
    fc.assert(
      fc.property(fc.array(secretText, { minLength: 1, maxLength: 4 }), fc.array(fc.string()), (secrets, around) => {
        const text = secrets.flatMap((secret, index) => [around[index] ?? '', secret, secret]).join('')
        const shown = scrubber(secrets)(text)
        for (const secret of secrets) expect(shown).not.toContain(secret.trim())
      }),
    )
  })

  test('percent-encoded, in capitals or not, or written as JSON', () => {
    fc.assert(
      fc.property(secretText, secret => {
        const text = secret.trim()
        const encoded = encodeURIComponent(text)
        const forms = [encoded, encoded.replace(/%../g, code => code.toLowerCase()), JSON.stringify(text).slice(1, -1)]
        const shown = scrubber([secret])(forms.join(' | '))
        for (const form of forms) expect(shown).not.toContain(form)
      }),
    )
  })

  test('when it is the password of a URL: as the URL has it, alone, and decoded', () => {
    fc.assert(
      fc.property(secretText, password => {
        const url = `postgresql://app:${encodeURIComponent(password)}@db.example.com:5432/shop`
        const scrub = scrubber(secretsOfUrl(url))
        for (const text of [url, password.trim(), encodeURIComponent(password), `refused: ${url}?x=1`]) {
          expect(scrub(text)).not.toContain(password.trim())
          expect(scrub(text)).not.toContain(encodeURIComponent(password))
        }
      }),
    )
  })

  test('when two overlap: no letter of either is left', () => {
    expect(scrubber(['abcdef', 'defghi'])('<abcdefghi>')).toBe('<***>')
  })

  test('when it stands in a parameter of the URL', () => {
    const scrub = scrubber(secretsOfUrl('postgresql://db/shop?user=app&password=s3%2Fcret&sslmode=require'))
    expect(scrub('it was s3/cret, s3%2Fcret')).toBe('it was ***, ***')
  })

  test('when nobody said that the URL has one', () => {
    expect(scrubber([])('Cannot open postgres://app:hunter2@db/shop.')).toBe('Cannot open postgres://app:***@db/shop.')
  })

  test('when the URL is not a valid one', () => {
    const scrub = scrubber(secretsOfUrl('postgresql://app:100%!/w@db:port/shop'))
    expect(scrub('postgresql://app:100%!/w@db:port/shop')).not.toContain('100%!')
  })

  test('when the password is too short to be masked alone', () => {
    const url = 'postgresql://app:abc@db/shop'
    expect(scrubber(secretsOfUrl(url))(`abc ${url}`)).toBe('abc ***')
  })

  test('anywhere in a value, while words that scripts compare stay as they are', () => {
    const report = {
      command: 'backup',
      backups: [{ status: 'failed', error: { code: 'failed', message: 'backup: hush!' } }],
    }
    expect(scrubbed(report, scrubber(['backup', 'hush!', 'failed']))).toEqual({
      command: 'backup',
      backups: [{ status: 'failed', error: { code: 'failed', message: '***: ***' } }],
    })
  })
})

test('what is no secret stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter(text => !text.includes('://') && !text.includes('correct horse')),
      text => {
        expect(scrubber(['correct horse', ''])(text)).toBe(text)
      },
    ),
  )
})

test('a URL without a password hides nothing', () => {
  expect(secretsOfUrl('postgresql://app@db.example.com/shop')).toEqual([])
  expect(secretsOfUrl('')).toEqual([])
})
