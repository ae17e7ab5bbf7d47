import fc from 'fast-check'
import { expect, it } from 'vitest'
import { artifactName, parseArtifactName } from '../../src/store/artifact-names.ts'

const PACK = 'database/20261123T020000Z-7f3a91/01-data-0001.sql.gz.enc'
const FIRST = { object: PACK, run: '7000000001', attempt: '1', turn: 1 }

const letters = 'abcXYZ019_-'.split('')
const part = fc
  .tuple(fc.constantFrom(...letters), fc.string({ unit: fc.constantFrom(...letters, '.'), maxLength: 40 }))
  .map(([first, rest]) => first + rest)
const object = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
const digits = fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String)
const turn = fc.integer({ min: 1, max: 500 })

it('writes the object, the run, its attempt and, from the second on, the try', () => {
  const name = 'comeback~database~20261123T020000Z-7f3a91~01-data-0001.sql.gz.enc~7000000001-1'
  expect(artifactName(FIRST)).toBe(`${name}.bin`)
  expect(artifactName({ ...FIRST, turn: 2 })).toBe(`${name}-2.bin`)
})

it('reads back exactly what it wrote', () => {
  fc.assert(
    fc.property(fc.record({ object, run: digits, attempt: digits, turn }), parts => {
      const name = artifactName(parts)
      if (name === undefined) return
      expect(parseArtifactName(name)).toEqual(parts)
      expect(name).not.toMatch(/[":<>|*?\r\n\\/]/)
    }),
  )
})

it('reads no name as ours that it would write otherwise', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'comeback~./-012bin'.split('')), maxLength: 60 }), text => {
      for (const name of [text, `comeback~${text}.bin`, `comeback~${text}~1-1.bin`]) {
        const parsed = parseArtifactName(name)
        if (parsed !== undefined) expect(artifactName(parsed)).toBe(name)
      }
    }),
  )
})

it.each([
  'coverage',
  'comeback',
  'comeback~.bin',
  'comeback~a~1-1',
  'comeback~a~1-1.zip',
  'comeback~a~1.bin',
  'comeback~a~1-1-1.bin',
  'comeback~a~1-1-02.bin',
  'comeback~~a~1-1.bin',
  'comeback~..~a~1-1.bin',
  'comeback~a b~1-1.bin',
  'comeback~a/b~1-1.bin',
  'comeback~a~1-1.bin\n',
  'Comeback~a~1-1.bin',
])('takes %j for the artifact of somebody else', name => {
  expect(parseArtifactName(name)).toBeUndefined()
})

it('sorts the packs of a backup in the order in which stock tools read them', () => {
  const files = [
    '00-schema-0001.sql.gz.enc',
    '01-data-0001.sql.gz.enc',
    '01-data-0002.sql.gz.enc',
    '99-schema-0001.sql.gz.enc',
  ]
  const names = files.map(file => artifactName({ ...FIRST, object: `database/b1/${file}` }))
  expect([...names].reverse().sort()).toEqual(names)
})

it('writes no name that is too long for a file', () => {
  const long = { ...FIRST, object: `database/${'x'.repeat(200)}/${'y'.repeat(200)}` }
  expect(artifactName(long)).toBeUndefined()
})
