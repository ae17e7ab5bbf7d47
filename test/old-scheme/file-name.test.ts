import { expect, test } from 'vitest'
import { oldTime } from '../../src/old-scheme/file-name.ts'

const modified = new Date('2026-05-03T04:05:06.789Z')

test.each([
  ['database_20260501_020000.sql.gz.enc', '2026-05-01T02:00:00.000Z'],
  ['database_20260501_0200.sql.gz.enc', '2026-05-01T02:00:00.000Z'],
  ['backup-2026-05-01.sql.gz.enc', '2026-05-01T00:00:00.000Z'],
  ['2026-05-01_02-03-04_full.sql.gz.enc', '2026-05-01T02:03:04.000Z'],
  ['files.2026.05.01.tar.gz.enc', '2026-05-01T00:00:00.000Z'],
  ['db-2026-05-01T02:03:04Z.sql.gz.enc', '2026-05-01T02:03:04.000Z'],
  ['db-20260501T020304Z.sql.gz.enc', '2026-05-01T02:03:04.000Z'],
  ['db-20260501020304.sql.gz.enc', '2026-05-01T02:03:04.000Z'],
  ['backup_2026-05-01_schema.sql.gz.enc', '2026-05-01T00:00:00.000Z'],
  ['db_v2_20260501_020000_20260502.sql.gz.enc', '2026-05-01T02:00:00.000Z'],
])('the date in %s is %s', (name, time) => {
  expect(oldTime(name, modified)).toEqual({ time: new Date(time), from: 'name' })
})

test('a name with a day alone takes the time of that day from the file, if it was changed on it', () => {
  expect(oldTime('backup-2026-05-03.sql.gz.enc', modified).time).toEqual(new Date('2026-05-03T04:05:06Z'))
})

test.each([
  'latest.sql.gz.enc',
  'backup-2026-02-31.sql.gz.enc',
  'backup-20261301.sql.gz.enc',
  'backup-12026050199.sql.gz.enc',
  'backup-2026-05-01_250000.sql.gz.enc',
  'v2026.sql.gz.enc',
])('%s has no date, and the time of its last change counts, in whole seconds', name => {
  expect(oldTime(name, modified)).toEqual({ time: new Date('2026-05-03T04:05:06Z'), from: 'modification time' })
})
