import { expect, test } from 'vitest'
import { postDataStages, tableKey, tablesOf } from '../../../src/postgres/restore/post-data.ts'

const planned = (type: string, name: string, ...statements: string[]) => ({
  entry: { type, schema: 'public', name, owner: null, offset: 0, length: 0, settings: {} },
  statements,
})

test('indexes and keys are one stage, with their attachments and comments after it; foreign keys are another one', () => {
  const names = [
    'CONSTRAINT',
    'COMMENT',
    'INDEX',
    'INDEX ATTACH',
    'CHECK CONSTRAINT',
    'TRIGGER',
    'COMMENT',
    'FK CONSTRAINT',
    'FK CONSTRAINT',
    'POLICY',
  ]
  const stages = postDataStages(names.map((type, index) => planned(type, `${index}`)))
  const list = (entries: readonly { entry: { name: string } }[]) => entries.map(({ entry }) => Number(entry.name))
  expect(
    stages.map(stage => [stage.kind, stage.kind === 'serial' ? [] : list(stage.parallel), list(stage.after)]),
  ).toEqual([
    ['indexes', [0, 2, 4], [1, 3]],
    ['serial', [], [5, 6]],
    ['foreign-keys', [7, 8], []],
    ['serial', [], [9]],
  ])
})

test('what pg_dump puts between indexes because of a dependency stays between them', () => {
  const stages = postDataStages(['INDEX', 'MATERIALIZED VIEW', 'INDEX'].map((type, index) => planned(type, `${index}`)))
  expect(stages.map(stage => stage.kind)).toEqual(['indexes', 'serial', 'indexes'])
})

test('the tables of a statement are found, however they are quoted', () => {
  const on = (type: string, sql: string) => tablesOf(planned(type, 'x', sql))
  expect(on('INDEX', 'CREATE UNIQUE INDEX "a ON b" ON ONLY "S.1"."t ""q""" USING btree (x)')).toEqual([
    tableKey('S.1', 't "q"'),
  ])
  expect(on('INDEX', 'CREATE INDEX i ON public.t USING gin (x)')).toEqual([tableKey('public', 't')])
  expect(on('CONSTRAINT', 'ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id)')).toEqual([
    tableKey('public', 't'),
  ])
  expect(
    on(
      'FK CONSTRAINT',
      'ALTER TABLE public.t\n    ADD CONSTRAINT f FOREIGN KEY ("a b") REFERENCES "O".p(id) ON DELETE CASCADE',
    ),
  ).toEqual([tableKey('public', 't'), tableKey('O', 'p')])
  expect(on('CHECK CONSTRAINT', 'ALTER DOMAIN public.d\n    ADD CONSTRAINT c CHECK (true) NOT VALID')).toBeUndefined()
})
