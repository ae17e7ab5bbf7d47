import { expect, test } from 'vitest'
import { diffSchemas } from '../../../src/postgres/migrate/schema-diff.ts'

const schema = (entries: Readonly<Record<string, string | readonly string[]>>) =>
  new Map(Object.entries(entries).map(([title, text]) => [title, [text].flat()]))

test('nothing changed, nothing said', () => {
  const same = schema({ 'TABLE public.a': 'CREATE TABLE a;\n' })
  expect(diffSchemas(same, same)).toEqual({ text: '', cut: 0 })
})

test('each hunk says of what it is part; what is new comes last', () => {
  const before = schema({
    'TABLE public.a': 'CREATE TABLE a (\n    x integer\n);\n',
    'VIEW public.gone': 'CREATE VIEW gone;\n',
  })
  const after = schema({
    'INDEX public.i': 'CREATE INDEX i;\n',
    'TABLE public.a': 'CREATE TABLE a (\n    x bigint\n);\n',
  })
  expect(diffSchemas(before, after).text).toBe(
    [
      '@@ -1,3 +1,3 @@ TABLE public.a',
      ' CREATE TABLE a (',
      '-    x integer',
      '+    x bigint',
      ' );',
      '@@ -1,1 +0,0 @@ VIEW public.gone',
      '-CREATE VIEW gone;',
      '@@ -0,0 +1,1 @@ INDEX public.i',
      '+CREATE INDEX i;',
      '',
    ].join('\n'),
  )
})

test('of functions of one name only those that changed are told', () => {
  const before = schema({ 'FUNCTION public.f()': ['one;\n', 'two;\n'] })
  const after = schema({ 'FUNCTION public.f()': ['two;\n', 'three;\n'] })
  expect(diffSchemas(before, after).text).toContain('-one;\n+three;\n')
  expect(diffSchemas(before, after).text).not.toContain('two')
})

test('a long diff is cut, and the rest counted', () => {
  const after = schema({ 'TABLE public.a': 'x\n'.repeat(1_000) })
  const { text, cut } = diffSchemas(schema({}), after)
  expect(text.split('\n')).toHaveLength(401)
  expect(cut).toBe(601)
})
