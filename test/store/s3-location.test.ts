import { describe, expect, it } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { formatS3Location, needsPathStyle, parseEndpoint, parseS3Location } from '../../src/store/s3-location.ts'

describe('a location', () => {
  it.each([
    ['s3://backups', 'backups', ''],
    ['s3://backups/', 'backups', ''],
    ['s3://my.bucket-1/a', 'my.bucket-1', 'a'],
    ['s3://backups/a/b.c/d_e/', 'backups', 'a/b.c/d_e'],
  ])('%s is bucket %s and prefix %j', (text, bucket, prefix) => {
    expect(parseS3Location(text)).toEqual({ bucket, prefix })
    expect(formatS3Location({ bucket, prefix })).toBe(text.replace(/\/$/, ''))
  })

  it.each([
    's3:',
    's3://',
    's3:///a',
    's3://ab',
    's3://-abc',
    's3://a b c',
    's3://user@host',
    `s3://${'a'.repeat(64)}`,
  ])('%s names no bucket', text => expect(() => parseS3Location(text)).toThrow(usage('names no bucket')))

  it.each([
    's3://backups//',
    's3://backups//a',
    's3://backups/a//b',
    's3://backups/../a',
    's3://backups/.a',
    's3://backups/ä',
  ])('%s has no prefix that a store can have', text =>
    expect(() => parseS3Location(text)).toThrow(usage("can't be the prefix")),
  )

  it('leaves room for names behind the prefix', () => {
    const long = Array(10).fill('a'.repeat(50)).join('/')
    expect(() => parseS3Location(`s3://backups/${long}`)).toThrow(usage("can't be the prefix"))
  })
})

describe('an endpoint', () => {
  it.each(['', 's3.example.com', 'localhost:9000', 'ftp://s3.example.com', '/path'])('%j is none', text => {
    expect(() => parseEndpoint(text)).toThrow(usage('not an address'))
  })

  it('has no password, and the error does not repeat it', () => {
    const outcome = () => parseEndpoint('https://key:hunter2@s3.example.com')
    expect(outcome).toThrow(usage('no user name, password'))
    expect(outcome).not.toThrow(/hunter2/)
  })

  it.each([
    ['http://127.0.0.1:9000', true],
    ['http://[::1]:9000', true],
    ['http://localhost', true],
    ['https://s3.example.com', false],
    ['https://account.r2.cloudflarestorage.com', false],
    ['https://project.supabase.co/storage/v1/s3', false],
  ])('%s needs the bucket in its path: %s', (text, expected) => {
    expect(needsPathStyle(parseEndpoint(text))).toBe(expected)
  })
})

function usage(words: string) {
  return expect.objectContaining({ constructor: ComebackError, code: 'usage', message: expect.stringContaining(words) })
}
