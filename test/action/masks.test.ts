import { describe, expect, test } from 'vitest'
import { masksFor, secretsOfAction } from '../../src/action/masks.ts'
import type { Environment } from '../../src/run/environment.ts'

const masksOf = (environment: Environment) => masksFor(secretsOfAction(environment))
const URL_WITH_PASSWORD = 'postgresql://app:hunt%2Fer2@db.example.com:5432/shop?sslmode=require'

describe('the runner is told to mask', () => {
  test.each([
    ['INPUT_KEY'],
    ['COMEBACK_KEY'],
    ['INPUT_GITHUB-TOKEN'],
    ['GITHUB_TOKEN'],
    ['AWS_SECRET_ACCESS_KEY'],
    ['AWS_SESSION_TOKEN'],
    ['ACTIONS_RUNTIME_TOKEN'],
    // By the names that people guess.
    ['INPUT_ENCRYPTION-KEY'],
    ['INPUT_ENCRYPTION_KEY'],
    ['INPUT_TOKEN'],
  ])('%s as a whole', variable => {
    expect(masksOf({ [variable]: 'top-secret' })).toEqual(['top-secret'])
  })

  test.each(['INPUT_DATABASE-URL', 'INPUT_TARGET-URL', 'DATABASE_URL', 'INPUT_FILES', 'INPUT_CONNECTION-STRING'])(
    'the URL in %s and the password in it, as written and decoded',
    variable => {
      const masks = masksOf({ [variable]: ` ${URL_WITH_PASSWORD}\n` })
      expect(masks).toEqual(expect.arrayContaining([URL_WITH_PASSWORD, 'hunt%2Fer2', 'hunt/er2']))
    },
  )

  test('a secret in all the ways in which a library may quote it', () => {
    expect(masksOf({ INPUT_KEY: 'a"b c/d' })).toEqual([
      'a"b c/d',
      'a%22b%20c%2Fd',
      'a%22b%20c%2fd',
      'a%22b%20c/d',
      'a\\"b c/d',
    ])
  })

  test('each line of a secret by itself', () => {
    expect(masksOf({ INPUT_KEY: 'first-line\r\nsecond-line\n' })).toEqual(['first-line', 'second-line'])
  })
})

describe('the runner is not told to mask', () => {
  test('what is so short that it would star out every word', () => {
    expect(masksOf({ INPUT_KEY: 'abc', 'INPUT_GITHUB-TOKEN': '', GITHUB_TOKEN: ' ' })).toEqual([])
    expect(masksOf({ INPUT_KEY: 'a\nlong-enough\n}' })).toEqual(['long-enough'])
  })

  test('hosts, users and names, which explain a message', () => {
    for (const mask of masksOf({ DATABASE_URL: URL_WITH_PASSWORD })) {
      expect(['db.example.com', 'app', 'shop', '5432']).not.toContain(mask)
    }
  })

  test('a URL without a password', () => {
    expect(masksOf({ DATABASE_URL: 'postgresql://db.example.com/shop', INPUT_STORE: 's3://bucket/x' })).toEqual([])
  })
})
