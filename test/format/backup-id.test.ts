import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBackupId, newBackupId, timeOf } from '../../src/format/backup-id.ts'

test('an id is the UTC time, the fraction of the second, and three random digits', () => {
  const at = (time: string) => newBackupId(new Date(time), () => Buffer.from('fa91', 'hex'))
  expect(at('2026-11-23T02:00:00Z')).toBe('20261123T020000Z-000a91')
  expect(at('2026-11-23T02:00:00.497Z')).toBe('20261123T020000Z-7f3a91')
  expect(at('2026-11-23T02:00:00.999Z')).toBe('20261123T020000Z-ffba91')
})

test('ids of different milliseconds sort by time', () => {
  const moment = fc.integer({ min: 0, max: Date.parse('9999-12-31T00:00:00Z') })
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 2000 }), (time, later) => {
      expect(newBackupId(new Date(time)) < newBackupId(new Date(time + later))).toBe(true)
    }),
  )
})

test('the time of any new id is its moment, to the second', () => {
  const dates = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, date => {
      const id = newBackupId(date)
      expect(isBackupId(id)).toBe(true)
      expect(timeOf(id).getTime()).toBe(Math.floor(date.getTime() / 1000) * 1000)
    }),
  )
})

test.each([
  '',
  '20261123T020000Z',
  '20261123T020000Z-7F3A91',
  '20261123T020000Z-7f3a9',
  '20261123T020000Z-7f3a911',
  ' 20261123T020000Z-7f3a91',
  '20261123T020000Z-7f3a91\n',
  '20260231T020000Z-7f3a91',
  '20261301T020000Z-7f3a91',
  '20261123T240000Z-7f3a91',
  '../61123T020000Z-7f3a91',
])('%j is no id', text => {
  expect(isBackupId(text)).toBe(false)
  expect(() => timeOf(text)).toThrow(expect.objectContaining({ code: 'usage' }))
})
