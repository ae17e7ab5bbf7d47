import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PERIODS } from '../../src/engine/calendar.ts'
import { type Candidate, GRACE, type RetentionPolicy, reasonsToKeep } from '../../src/engine/retention.ts'
import { newBackupId, timeOf } from '../../src/format/backup-id.ts'
import { DAY, policy } from './keeping.ts'

const HOUR = DAY / 24
const NOW = new Date('2026-11-23T12:00:00Z')

let serial = 0
function at(time: string | Date, changes: Partial<Candidate> = {}): Candidate {
  serial = (serial + 1) % 0x1000
  const random = Buffer.from(serial.toString(16).padStart(4, '0'), 'hex')
  return { id: newBackupId(new Date(time), () => random), source: 's', complete: true, ...changes }
}

/** One a day at 02:00, the newest on the day of NOW. */
function daily(count: number): Candidate[] {
  return Array.from({ length: count }, (_, days) => at(new Date(Date.parse('2026-11-23T02:00:00Z') - days * DAY)))
}

function keptDays(backups: readonly Candidate[], rules: Partial<RetentionPolicy>, now = NOW): readonly string[] {
  const reasons = reasonsToKeep(backups, policy({ days: 1, ...rules }), now)
  return backups.filter(backup => reasons.get(backup)?.length).map(({ id }) => id.slice(0, 8))
}

describe('a policy', () => {
  test('of days alone keeps what is younger', () => {
    expect(keptDays(daily(40), { days: 30 })).toHaveLength(30)
  })

  test('keeps the newest of each of the last days that hold one, whatever lies between', () => {
    const sparse = [
      '2026-11-20T02:00Z',
      '2026-11-20T01:00Z',
      '2026-10-01T02:00Z',
      '2026-03-01T02:00Z',
      '2025-01-01T02:00Z',
    ]
    const reasons = reasonsToKeep(
      sparse.map(time => at(time)),
      policy({ days: 1, daily: 3 }),
      NOW,
    )
    expect([...reasons.values()]).toEqual([
      ['newest complete', 'a running backup may build on it', 'day 2026-11-20'],
      [],
      ['day 2026-10-01'],
      ['day 2026-03-01'],
      [],
    ])
  })

  test('adds its rules up', () => {
    const kept = keptDays(daily(800), { last: 2, daily: 3, weekly: 3, monthly: 3, yearly: 2 })
    // The last ones; Sundays; ends of months; the end of a year.
    expect(kept).toEqual(['20261123', '20261122', '20261121', '20261115', '20261031', '20260930', '20251231'])
  })

  test('keeps the oldest while slots are free, so that a year has begun before it ends', () => {
    expect(keptDays(daily(100), { yearly: 5 })).toEqual(['20261123', '20261122', '20260816'])
  })

  test('counts weeks as ISO does: the first days of January may belong to week 53', () => {
    const week = (time: string) => PERIODS.week(new Date(time))
    expect(week('2026-12-31T00:00Z')).toBe('2026-W53')
    expect(week('2027-01-03T23:59Z')).toBe('2026-W53')
    expect(week('2027-01-04T00:00Z')).toBe('2027-W01')
    expect(week('2024-12-30T00:00Z')).toBe('2025-W01')
    expect(week('2021-01-01T00:00Z')).toBe('2020-W53')
    expect(week('2024-02-29T12:00Z')).toBe('2024-W09')
  })

  test('holds for each source by itself', () => {
    const backups = [...daily(3), ...daily(3).map(backup => ({ ...backup, source: 'other' }))]
    expect(keptDays(backups, { last: 1 })).toEqual(['20261123', '20261122', '20261123', '20261122'])
  })

  test('gives no slot of a complete backup to a partial one', () => {
    const backups = [
      at('2026-11-10T10:00Z', { complete: false }),
      at('2026-11-10T02:00Z'),
      at('2026-11-09T10:00Z', { complete: false }),
      at('2026-11-08T02:00Z'),
      at('2026-11-07T02:00Z'),
    ]
    const reasons = reasonsToKeep(backups, policy({ days: 1, daily: 2 }), NOW)
    expect([...reasons.values()]).toEqual([
      ['newest', 'a running backup may build on it'],
      ['newest complete', 'day 2026-11-10'],
      ['day 2026-11-09'],
      ['day 2026-11-08'],
      [],
    ])
  })
})

describe('a backup that holds less', () => {
  const bySlots = (backups: readonly Candidate[]) =>
    [...reasonsToKeep(backups, policy({ days: 1, daily: 3 }), NOW)].map(([{ holds }, reasons]) => [holds, ...reasons])

  test('takes no slot from one that holds more, and is kept beside it', () => {
    const structure = daily(9).map(backup => ({ ...backup, holds: 'structure' }) as const)
    const [old = at(NOW), older = at(NOW)] = [at('2026-08-01T02:00Z'), at('2026-07-01T02:00Z')]
    const some = at('2026-10-01T02:00Z', { holds: 'some-rows' })
    const kept = bySlots([...structure, some, old, older]).filter(([, ...reasons]) => reasons.length > 0)
    expect(kept).toEqual([
      ['structure', 'newest with all of the structure', 'younger than 24 h', 'day 2026-11-23'],
      ['structure', 'a running backup may build on it', 'day 2026-11-22'],
      ['structure', 'day 2026-11-21'],
      ['some-rows', 'newest with rows', 'day 2026-10-01'],
      [undefined, 'newest complete', 'day 2026-08-01'],
      [undefined, 'day 2026-07-01'],
    ])
  })

  test('nor does one that a proof found bad stand for the newest that may be good', () => {
    const [newest = at(NOW), before = at(NOW), ...rest] = daily(4)
    const backups = [{ ...newest, disproved: true }, { ...before, disproved: true }, ...rest]
    const reasons = [...reasonsToKeep(backups, policy({ days: 1 }), NOW).values()]
    expect(reasons[0]).toContain('newest complete')
    expect(reasons[2]).toContain('newest complete that no proof found bad')
    expect(reasons[3]).toEqual([])
  })
})

describe('for any history and policy', () => {
  const time = fc.oneof(
    // Years around leap days and week 53, bursts, and a clock that jumped ahead.
    fc.integer({ min: Date.parse('2019-12-01T00:00Z'), max: Date.parse('2028-12-01T00:00Z') }),
    fc.integer({ min: 0, max: 3 * DAY }).map(age => NOW.getTime() - age),
    fc.integer({ min: -5, max: 5 }).map(step => Date.parse('2024-02-29T00:00Z') + step * HOUR),
    fc.integer({ min: -5, max: 5 }).map(step => Date.parse('2026-12-31T23:00Z') + step * DAY),
    // Where clocks of people are put forward and back; those of backups are not.
    fc.integer({ min: -5, max: 5 }).map(step => Date.parse('2026-03-29T01:00Z') + step * (HOUR / 2)),
    fc.integer({ min: -5, max: 5 }).map(step => Date.parse('2026-10-25T01:00Z') + step * (HOUR / 2)),
  )
  const backup = fc.record({
    id: fc
      .tuple(time, fc.uint8Array({ minLength: 2, maxLength: 2 }))
      .map(([milliseconds, random]) => newBackupId(new Date(milliseconds), () => random)),
    source: fc.constantFrom('a', 'b'),
    complete: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    verified: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  })
  const history = fc.uniqueArray(backup, { selector: ({ id }) => id, maxLength: 60 })
  const count = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined })
  const rules = fc.record({
    days: fc.integer({ min: 1, max: 400 }),
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
  })
  const clock = fc.oneof(
    fc.constant(NOW),
    fc.integer({ min: Date.parse('2019-01-01T00:00Z'), max: Date.parse('2030-01-01T00:00Z') }).map(ms => new Date(ms)),
  )

  const kept = (backups: readonly Candidate[], rule: RetentionPolicy, now: Date) => {
    const reasons = reasonsToKeep(backups, rule, now)
    return new Set(backups.filter(item => (reasons.get(item) ?? []).length > 0).map(({ id }) => id))
  }
  const check = (property: (backups: Candidate[], rule: RetentionPolicy, now: Date) => void) =>
    // Of a day to come nothing counts, so nothing of it gets here.
    fc.assert(
      fc.property(history, rules, clock, (backups, rule, now) =>
        property(
          backups.filter(({ id }) => timeOf(id) <= now),
          rule,
          now,
        ),
      ),
      { numRuns: 300 },
    )

  test('the young and the newest of each source stay', () => {
    check((backups, rule, now) => {
      const stay = kept(backups, rule, now)
      for (const { id } of backups) {
        if (now.getTime() - timeOf(id).getTime() < Math.max(GRACE, rule.days * DAY)) expect(stay).toContain(id)
      }
      for (const source of ['a', 'b']) {
        const past = backups.filter(item => item.source === source).sort((x, y) => (x.id < y.id ? 1 : -1))
        const old = past.filter(({ id }) => now.getTime() - timeOf(id).getTime() >= GRACE)
        for (const item of [past[0], past.find(({ complete }) => complete), old[0]])
          if (item) expect(stay).toContain(item.id)
      }
    })
  })

  test('the newest verified one of each source stays, and makes no other go', () => {
    check((backups, rule, now) => {
      const stay = kept(backups, rule, now)
      for (const source of ['a', 'b']) {
        const proved = backups
          .filter(item => item.source === source && item.verified)
          .sort((x, y) => (x.id < y.id ? 1 : -1))
        if (proved[0]) expect(stay).toContain(proved[0].id)
      }
      const unproved = backups.map(item => ({ ...item, verified: false }))
      expect([...kept(unproved, rule, now)].filter(id => !stay.has(id))).toEqual([])
    })
  })

  test('a partial one that was verified does not take the place of a whole one', () => {
    const whole = at('2026-01-05T02:00Z', { verified: true })
    const partial = at('2026-02-05T02:00Z', { complete: false, verified: true })
    const backups = [whole, partial, at('2026-11-20T02:00Z')]
    expect(reasonsToKeep(backups, policy(), NOW).get(whole)).toEqual(['newest complete verified'])
    expect(reasonsToKeep(backups, policy(), NOW).get(partial)).toEqual(['newest verified'])
  })

  test('safety backups stay while they are young, a week at least, and change nothing for the others', () => {
    fc.assert(
      fc.property(history, history, rules, clock, (all, allSafety, rule, now) => {
        const [backups, safety] = [all, allSafety].map(some => some.filter(({ id }) => timeOf(id) <= now)) as [
          Candidate[],
          Candidate[],
        ]
        const own = new Set(backups.map(({ id }) => id))
        const beside = safety.filter(({ id }) => !own.has(id)).map(item => ({ ...item, safety: true }))
        const stay = kept([...backups, ...beside], rule, now)
        expect([...stay].filter(id => own.has(id)).sort()).toEqual([...kept(backups, rule, now)].sort())
        for (const { id } of beside) {
          expect(stay.has(id)).toBe(now.getTime() - timeOf(id).getTime() < Math.max(7, rule.days) * DAY)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('each slot is filled while there are complete backups to fill it', () => {
    check((backups, rule, now) => {
      const stay = kept(backups, rule, now)
      for (const source of ['a', 'b']) {
        const good = backups.filter(item => item.source === source && item.complete)
        const held = (items: readonly Candidate[], key: (time: Date) => string) =>
          new Set(items.map(({ id }) => key(timeOf(id))))
        const staying = good.filter(({ id }) => stay.has(id))
        for (const [slots, key] of [
          [rule.hourly, PERIODS.hour],
          [rule.daily, PERIODS.day],
          [rule.weekly, PERIODS.week],
          [rule.monthly, PERIODS.month],
          [rule.yearly, PERIODS.year],
        ] as const) {
          const newest = [...held(good, key)]
            .sort()
            .reverse()
            .slice(0, slots ?? 0)
          for (const period of newest) expect(held(staying, key)).toContain(period)
        }
        expect(staying.length).toBeGreaterThanOrEqual(Math.min(rule.last ?? 0, good.length))
      }
    })
  })

  test('a prune that was cut short and begun again keeps the same ones', () => {
    check((backups, rule, now) => {
      const stay = kept(backups, rule, now)
      const half = backups.filter(({ id }, index) => stay.has(id) || index % 2 === 0)
      expect(kept(half, rule, now)).toEqual(stay)
    })
  })

  test('one more rule, or one more partial backup, never lets another go', () => {
    check((backups, rule, now) => {
      const stay = kept(backups, rule, now)
      const plain = { ...policy(), days: rule.days }
      expect([...kept(backups, plain, now)].filter(id => !stay.has(id))).toEqual([])
      const good = backups.filter(item => item.complete)
      expect([...kept(good, rule, now)].filter(id => !stay.has(id))).toEqual([])
    })
  })

  test('daily runs over years with gaps never leave fewer than the slots ask for', () => {
    fc.assert(
      fc.property(rules, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (rule, gaps) => {
        let now = Date.parse('2023-12-30T02:00:00Z')
        let store: Candidate[] = []
        let made = 0
        for (const gap of gaps) {
          now += gap * DAY
          store.push(at(new Date(now)))
          made++
          const stay = kept(store, rule, new Date(now + HOUR))
          store = store.filter(({ id }) => stay.has(id))
          expect(store.length).toBeGreaterThanOrEqual(Math.min(made, Math.max(rule.last ?? 1, rule.daily ?? 1)))
        }
      }),
      { numRuns: 100 },
    )
  })
})
