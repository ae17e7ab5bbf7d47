import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runTasks, type Task } from '../../../src/postgres/restore/run-tasks.ts'

type Plain = Task<number>

const task = (parts: Partial<Plain> & Pick<Plain, 'run'>): Plain => ({
  weight: 0,
  needs: [],
  shared: [],
  exclusive: [],
  ...parts,
})

test('a lane takes the heaviest task first, and equal ones in their order', async () => {
  const done: string[] = []
  const named = (name: string, weight: number) => task({ weight, run: async () => void done.push(name) })
  await runTasks([0], [named('a', 1), named('b', 5), named('c', 5), named('d', 9)])
  expect(done).toEqual(['d', 'b', 'c', 'a'])
})

test('no task begins before those it needs have ended, nor while another one holds its lock', async () => {
  const shapes = fc.array(
    fc.record({
      weight: fc.nat(3),
      needs: fc.array(fc.nat(20), { maxLength: 3 }),
      shared: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
      exclusive: fc.uniqueArray(fc.constantFrom('d', 'e', 'a2'), { maxLength: 2 }),
      crossed: fc.boolean(),
      turns: fc.nat(3),
    }),
    { maxLength: 20 },
  )
  await fc.assert(
    fc.asyncProperty(shapes, fc.integer({ min: 1, max: 4 }), async (list, lanes) => {
      const running = new Set<Plain>()
      const ended = new Set<Plain>()
      const tasks: Plain[] = []
      for (const [index, { weight, needs, shared, exclusive, crossed, turns }] of list.entries()) {
        const own: Plain = task({
          weight,
          needs: needs.filter(need => need < index).flatMap(need => tasks[need] ?? []),
          shared: crossed ? exclusive : shared,
          exclusive: crossed ? shared : exclusive,
          async run() {
            expect(own.needs.every(need => ended.has(need))).toBe(true)
            for (const other of running) {
              const all = [...other.shared, ...other.exclusive]
              expect(own.exclusive.filter(name => all.includes(name))).toEqual([])
              expect(own.shared.filter(name => other.exclusive.includes(name))).toEqual([])
            }
            running.add(own)
            for (let i = 0; i < turns; i++) await turn()
            running.delete(own)
            ended.add(own)
          },
        })
        tasks.push(own)
      }
      await runTasks(
        Array.from({ length: lanes }, (_, lane) => lane),
        tasks,
      )
      expect(ended.size).toBe(tasks.length)
    }),
    { numRuns: 60 },
  )
})

test('the first failure is told at once and thrown when every lane has come to rest', async () => {
  const told: unknown[] = []
  let rested = false
  const failing = runTasks(
    [0, 1],
    [
      task({ weight: 2, run: () => Promise.reject(new Error('broken')) }),
      task({
        weight: 1,
        async run() {
          await turn()
          rested = true
        },
      }),
      task({ run: () => Promise.reject(new Error('never begun')) }),
    ],
    error => told.push(error),
  )
  await expect(failing).rejects.toThrow('broken')
  expect(rested).toBe(true)
  expect(told).toHaveLength(1)
})
