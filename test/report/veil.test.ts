/** Names in public texts: what is covered, and what stays as it is. */
import { expect, test } from 'vitest'
import { createVeil } from '../../src/report/veil.ts'

const veiled = (text: string, ...names: string[]) => {
  const veil = createVeil()
  veil.learn(names)
  return veil.cover(text)
}

test.each([
  ['orders has 5 rows, preorders has 6', ['orders'], '‹name› has 5 rows, preorders has 6'],
  [
    'FK CONSTRAINT public.orders orders_fkey (to public.c)',
    ['orders_fkey'],
    'FK CONSTRAINT ‹name› ‹name› (to public.c)',
  ],
  ['TABLE "My Shop"."Order 1" is there', [], 'TABLE ‹name› is there'],
  ['db.acme.internal:5432/shop', ['db.acme.internal', 'shop', 'acme'], '‹name›:5432/‹name›'],
  ['the table of the database', ['table', 'the', 'database'], 'the table of the database'],
  ['with --confirm NAME -- the confirm of it', ['confirm', '--', ' '], 'with --confirm NAME -- the ‹name› of it'],
  ['give --end-sessions to end', ['sessions', 'end'], 'give --end-sessions to ‹name›'],
  ['Größe $1 größe', ['größe'], 'Größe $1 ‹name›'],
] as const)('%s', (text, names, covered) => {
  expect(veiled(text, ...names)).toBe(covered)
})

test('host, role and database of a URL are names, its other words are none', () => {
  const veil = createVeil()
  veil.learnUrl('postgresql://clerk:pass@db.acme.internal:5432/sh%6fp?sslmode=require&host=10.1.2.3')
  veil.learnUrl('no URL')
  expect(veil.cover('clerk@db.acme.internal/shop require 10.1.2.3')).toBe('‹name›@‹name›/‹name› require ‹name›')
})

test('in a report the words of ours stay, whatever a table is called', () => {
  const veil = createVeil()
  veil.learn(['restore', 'warning', 'atomic', 'swap', 'orders'])
  const report = {
    command: 'restore',
    target: {
      kind: 'database',
      mode: 'atomic',
      way: 'swap',
      place: 'x/orders',
      losses: [{ what: '1 table', names: ['orders'] }],
    },
    problems: [{ severity: 'warning', message: 'orders is in the way of the swap' }],
    id: '20261120T020000Z-7f3a91',
  }
  expect(veil.covered(report)).toEqual({
    command: 'restore',
    target: {
      kind: 'database',
      mode: 'atomic',
      way: 'swap',
      place: 'x/‹name›',
      losses: [{ what: '1 table', names: ['‹name›'] }],
    },
    problems: [{ severity: 'warning', message: '‹name› is in the way of the ‹name›' }],
    id: '20261120T020000Z-7f3a91',
  })
  expect(veil.used).toBe(true)
})
