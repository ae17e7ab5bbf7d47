import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import { deriveChainKeys, derivePackKey } from '../../src/format/keys.ts'
import { isAuthentic, parseManifest } from '../../src/format/manifest.ts'
import {
  isAuthenticProof,
  openDetails,
  PROOF_LIMIT,
  parseProof,
  proofFile,
  proofIdOf,
  sealProof,
} from '../../src/format/proof-record.ts'
import { RECORD } from './tiny-proof.ts'

const { id: ID } = RECORD
const NAME = `database/20261124T020000Z-7f3a91/${proofFile(ID)}`
const chain = await deriveChainKeys('correct horse battery staple', Buffer.alloc(16, 1), 2)
const pack = await derivePackKey('correct horse battery staple', Buffer.alloc(8, 2), 2)
const other = await derivePackKey('some other passphrase of length', Buffer.alloc(8, 2), 2)

const DETAILS = { tables: [{ name: 'public.users', rows: 7 }] }

const seal = () => sealProof(RECORD, DETAILS, { mac: chain.mac, pack })

test('what is sealed is read back, authentic, and hides its details', async () => {
  const bytes = await seal()
  expect(bytes.toString()).not.toContain('users')
  const record = parseProof(bytes, NAME)
  expect(record).toMatchObject(RECORD)
  expect(isAuthenticProof(record, chain.mac)).toBe(true)
  expect(await openDetails(record, pack)).toEqual(DETAILS)
})

test('equal proofs look different: nobody can tell what did not change', async () => {
  const [one, two] = [parseProof(await seal(), NAME), parseProof(await seal(), NAME)]
  expect(one.sealed).not.toBe(two.sealed)
})

test('any change is told', async () => {
  const record = parseProof(await seal(), NAME)
  for (const changed of [
    { ...record, verdict: 'verified' as const },
    { ...record, backup: '20261124T020000Z-7f3a92' },
    { ...record, findings: {} },
    { ...record, sealed: `A${record.sealed.slice(1)}` },
    { ...record, restoreSeconds: null },
  ]) {
    expect(isAuthenticProof(changed, chain.mac)).toBe(false)
  }
  expect(isAuthenticProof(record, Buffer.alloc(32))).toBe(false)
})

test('the MAC of a proof is not that of a manifest', async () => {
  const record = parseProof(await seal(), NAME)
  expect(isAuthentic(record as never, chain.mac)).toBe(false)
  expect(() => parseManifest(Buffer.from(JSON.stringify(record)), 'manifest.json')).toThrow(ComebackError)
})

test('another key opens no details', async () => {
  await expect(openDetails(parseProof(await seal(), NAME), other)).rejects.toThrow(ComebackError)
})

describe('bytes that are no record', () => {
  test.each([
    ['empty', '', 'damaged'],
    ['no JSON', 'proof', 'damaged'],
    ['another thing', '{"format":1}', 'damaged'],
    ['of a newer format', '{"format":2}', 'unsupported'],
  ])('%s are refused', (_, text, code) => {
    expect(() => parseProof(Buffer.from(text), NAME)).toThrow(expect.objectContaining({ code }))
  })

  test('too many are refused before they are read', () => {
    expect(() => parseProof(Buffer.alloc(PROOF_LIMIT + 1), NAME)).toThrow(expect.objectContaining({ code: 'damaged' }))
  })

  test.each(['\\n', '\\u001b', '\\ud800'])('with a text that is no line of Unicode are refused: %s', async odd => {
    const text = (await seal()).toString().replace('PostgreSQL 18.4', odd)
    expect(() => parseProof(Buffer.from(text), NAME)).toThrow(expect.objectContaining({ code: 'damaged' }))
  })

  test('with a field too many are refused', async () => {
    const record = { ...parseProof(await seal(), NAME), more: 1 }
    expect(() => parseProof(Buffer.from(JSON.stringify(record)), NAME)).toThrow(
      expect.objectContaining({ code: 'damaged' }),
    )
  })
})

test('its file is known by its name', () => {
  expect(proofIdOf(proofFile(ID))).toBe(ID)
  for (const name of ['manifest.json', 'proof-.json', 'proof-20261325T042700Z-0c11a5.json', `${proofFile(ID)}.tmp`]) {
    expect(proofIdOf(name)).toBeUndefined()
  }
})
