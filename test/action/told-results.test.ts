/** What one job left, told by another: the proof as it was before other code ran, and of the rest what is there. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { toldResults } from '../../src/action/told-results.ts'
import type { Continuation } from '../../src/engine/migration.ts'
import type { LeftDatabase } from '../../src/engine/proof.ts'
import { pack } from '../../src/report/packed-result.ts'
import { failed, migration, reportOf, verified } from '../report/sample-proofs.ts'

const left: LeftDatabase = {
  backup: verified.id,
  database: 'comeback_proof_12345678',
  roles: [],
  schemaOnly: false,
  assertions: [],
}
const next: Continuation = {
  command: 'continuation',
  schema: 1,
  backup: verified.id,
  check: { name: 'assertions', result: 'passed', detail: '1 of 1 hold' },
  assertions: [{ name: 'guests', result: 'passed' }],
  findings: [],
  migration: { ...migration, backup: verified.id, result: 'succeeded', findings: [] },
}
const proof = pack(reportOf([verified], { left }))

describe('what is told', () => {
  test('is the proof, with the assertions and the migration that came after it', () => {
    const told = toldResults([proof, pack(next)])
    expect(told).toMatchObject({ verdict: 'verified', migration: next.migration })
    expect(told).not.toHaveProperty('left')
    expect(told.proofs[0]).toMatchObject({ verdict: 'verified', assertions: next.assertions })
    expect(told.proofs[0]?.checks.filter(({ name }) => name === 'assertions')).toEqual([next.check])
  })

  test.each([
    ['nothing came of it', 'none'],
    ['it failed', pack({ error: { code: 'usage', message: 'There is no .sql file.' } })],
    ['it is about another backup', pack({ ...next, backup: '20200101T000000Z-000000' })],
    ['it is a proof, which that job cannot have made', pack(reportOf([verified]))],
  ])('is never verified where what was to follow left nothing: %s', (_, result) => {
    const told = toldResults([proof, result])
    expect(told.verdict).toBe('could-not-verify')
    expect(told.proofs[0]?.findings[0]).toMatchObject({ code: 'migration-not-run' })
  })

  test('keeps what the proof found, whatever the code that ran afterwards says', () => {
    const bad = pack(reportOf([failed], { left: { ...left, backup: failed.id } }))
    expect(toldResults([bad, pack({ ...next, backup: failed.id })]).verdict).toBe('failed')
    const refused = { ...next, findings: [{ code: 'assertion-failed', subject: 'guests', message: 'x' }] } as const
    expect(toldResults([proof, pack(refused)]).verdict).toBe('failed')
  })

  test('is a proof alone, where nothing was to follow', () => {
    expect(toldResults([pack(reportOf([verified])), 'none'])).toEqual(JSON.parse(JSON.stringify(reportOf([verified]))))
  })
})

describe('there is no result', () => {
  test('where the job left none, and where it could not prove anything', () => {
    expect(() => toldResults(['none', 'none'])).toThrow(expect.objectContaining({ code: 'could-not-verify' }))
    const error = { code: 'wrong-key', message: 'another key', hint: 'the right one' } as const
    expect(() => toldResults([pack({ error }), 'none'])).toThrow(expect.objectContaining(error))
  })

  test.each([
    ['no gzip', 'aaaa'],
    ['no result', gzipSync('{"command":"list"}').toString('base64')],
    ['an unknown verdict', gzipSync(JSON.stringify({ ...reportOf([]), verdict: 'fine' })).toString('base64')],
    ['a bomb', gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64')],
  ])('in what is none: %s', (_, text) => {
    expect(() => toldResults([text])).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

test('what is too long for a variable of a process loses its tables first', () => {
  const tables = Array.from({ length: 20_000 }, (_, index) => ({ name: `t${Math.sin(index)}`, rows: index, bytes: 1 }))
  const text = pack(reportOf([{ ...verified, tables }], { left }))
  expect(text.length).toBeLessThan(128 * 1024)
  expect(toldResults([text, pack(next)]).verdict).toBe('verified')
})
