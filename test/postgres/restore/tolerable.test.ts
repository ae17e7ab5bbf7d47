import { DatabaseError } from 'pg'
import { describe, expect, test } from 'vitest'
import { notValid, secondWay } from '../../../src/postgres/restore/second-ways.ts'
import { isTolerable } from '../../../src/postgres/restore/tolerable.ts'

function refusal(code: string, severity = 'ERROR'): DatabaseError {
  return Object.assign(new DatabaseError('no', 2, 'error'), { code, severity })
}

describe('an object is at fault', () => {
  test.each([
    '23503',
    '23505',
    '23514',
    '42P01',
    '42883',
    '42501',
    '22021',
    '0A000',
    '58P01',
    'HV00N',
    '08001',
    'P0001',
    'XX000',
    'MY001',
  ])('where the server says %s', code => expect(isTolerable(refusal(code))).toBe(true))
  test.each([
    '40P01',
    '40001',
    '53100',
    '53200',
    '53300',
    '55P03',
    '57014',
    '57P01',
    '57P03',
    '58030',
    'XX001',
    'XX002',
    '25006',
    '26000',
    'F0000',
  ])('and not where it says %s, which would befall the next one, too', code =>
    expect(isTolerable(refusal(code))).toBe(false),
  )
  test('nor where it hangs up, nor where it says nothing', () => {
    expect(isTolerable(refusal('42P01', 'FATAL'))).toBe(false)
    expect(isTolerable(new Error('read ECONNRESET'))).toBe(false)
  })
})

describe('in a second way', () => {
  const entry = (type: string) => ({
    type,
    schema: 'public',
    name: '',
    owner: null,
    offset: 0,
    length: 0,
    settings: {},
  })
  const of = (type: string, sql: string) => secondWay({ entry: entry(type), statements: [sql] }, sql)

  test('a restrictive policy lets nobody through, so that no right is wider', () => {
    const sql = 'CREATE POLICY "p q" ON public.t AS RESTRICTIVE FOR INSERT TO a, b WITH CHECK ((public.f(i) > 0))'
    expect(of('POLICY', sql)).toMatchObject({
      statement: 'CREATE POLICY "p q" ON public.t AS RESTRICTIVE FOR INSERT TO a, b WITH CHECK (false)',
      later: ['DROP POLICY "p q" ON public.t', sql],
    })
    expect(of('POLICY', 'CREATE POLICY p ON public.t AS RESTRICTIVE USING (public.f(i))')?.statement).toBe(
      'CREATE POLICY p ON public.t AS RESTRICTIVE USING (false)',
    )
    expect(of('POLICY', 'CREATE POLICY p ON public.t USING (public.f(i))')).toBeUndefined()
  })

  test('a constraint holds for new rows, unless it does so already', () => {
    const sql =
      'ALTER TABLE ONLY public."a b"\n    ADD CONSTRAINT "c d" FOREIGN KEY (x) REFERENCES public.y(z) DEFERRABLE'
    expect(notValid(sql)).toMatchObject({
      statement: `${sql} NOT VALID`,
      later: ['ALTER TABLE public."a b" VALIDATE CONSTRAINT "c d"'],
    })
    expect(notValid(`${sql} NOT VALID`)).toBeUndefined()
  })
})
