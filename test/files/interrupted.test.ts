/**
 * Restores that end at every step: what stands then is the old state or the new one, and whatever else they leave is put right
 * by the next restore, or by a discard.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { createFilesSource } from '../../src/files/archive.ts'
import { discardKept } from '../../src/files/discard.ts'
import { createFilesSink, type FilesSinkOptions } from '../../src/files/extract.ts'
import { repairAround } from '../../src/files/repair.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { countChanges, runUntil } from '../support/stopping-disk.ts'
import { describeTree, plant, setTime, type Tree, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal

const BEFORE: Tree = { a: 'mine', 'd/b': 'mine', 'd/keep': 'mine', 'd/l': { link: 'b' }, 'x/y': 'mine' }
const BROUGHT: Tree = {
  a: 'theirs',
  'd/b': 'theirs',
  'd/new': 'theirs',
  'd/l': { link: 'new' },
  'e/f/g': 'theirs',
  'e/none': null,
}

interface Case {
  readonly how: string
  readonly options: Partial<FilesSinkOptions>
  /** What stands in the target before it; absent if nothing does. */
  readonly before?: Tree
}

const CASES: readonly Case[] = [
  { how: 'into nothing', options: {} },
  { how: 'in the place of a folder', options: { overwrite: true, confirm: 'target' }, before: BEFORE },
  { how: 'into the working directory', options: { overwrite: true, cwd: 'target' }, before: BEFORE },
  { how: 'of some files', options: { overwrite: true, include: ['d', 'e/f'] }, before: BEFORE },
]

let backup: StoredBackup
let root: string
beforeEach(async () => {
  root = await temporaryFolder()
  const source = join(root, 'source')
  await plant(source, BROUGHT)
  for (const path of ['a', 'd/b', 'd/new', 'e/f/g', 'e', 'd']) await setTime(join(source, path), 1_000_000_000)
  const out = collectSegments()
  const result = await createFilesSource({ root: source, include: ['.'], exclude: [] }).read(out, SIGNAL)
  backup = storedBackup(out.segments, result)
})

function sinkFor(place: string, { cwd, ...options }: Partial<FilesSinkOptions>) {
  const target = join(place, 'target')
  const given = { overwrite: false, include: [], confirm: undefined, ...options }
  return createFilesSink({ directory: target, cwd: cwd === undefined ? '/' : join(place, cwd), ...given })
}

/** Kinds and contents, without what restores keep or leave. */
async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = await describeTree(folder)
  return Object.fromEntries(
    Object.entries(names)
      .filter(([path]) => !/\.comeback-(before|restoring)-/.test(path))
      .map(([path, { kind, content }]) => [path, `${kind} ${content}`]),
  )
}

async function prepared({ before }: Case): Promise<string> {
  const place = await mkdtemp(join(root, 'place-'))
  if (before !== undefined) await plant(join(place, 'target'), before)
  return place
}

async function leftovers(place: string): Promise<readonly string[]> {
  return (await readdir(place, { recursive: true })).filter(path => path.includes('restoring'))
}

type State = Readonly<Record<string, string>> | undefined

async function stateOf(place: string): Promise<State> {
  return (await readdir(place)).includes('target') ? await contentOf(join(place, 'target')) : undefined
}

describe.each(CASES)('a restore $how', one => {
  async function restored() {
    const place = await prepared(one)
    await sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL)
    return stateOf(place)
  }

  test('that is stopped before any step leaves the old state or the new, once the next one has put it right', async () => {
    const after = await restored()
    const ends = { old: 0, new: 0 }
    let finished = false
    for (let step = 1; !finished; step++) {
      const place = await prepared(one)
      const before = await stateOf(place)
      finished = await runUntil(step, () => sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL))
      expectNoMix(await stateOf(place), before, after, step)
      await repairAround(join(place, 'target'))
      const state = await stateOf(place)
      expect([before, after], `step ${step}`).toContainEqual(state)
      expect(await leftovers(place), `step ${step}`).toEqual([])
      if (JSON.stringify(state) === JSON.stringify(after)) ends.new++
      else {
        ends.old++
        await sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL)
        expect(await stateOf(place), `step ${step}`).toEqual(after)
      }
    }
    expect(Math.min(ends.old, ends.new)).toBeGreaterThan(1)
  })

  /** As it stands, before anything is put right. */
  function expectNoMix(state: State, before: State, after: State, step: number): void {
    if (one.options.cwd === undefined && one.options.include === undefined) {
      // Nothing at all only between the two renames.
      expect([before, after, undefined], `step ${step}`).toContainEqual(state)
      return
    }
    // File by file; but no name is ever without one. Links have no second name on every system.
    const names = Object.keys(before ?? {}).filter(path => !path.endsWith('/l'))
    expect(Object.keys(state ?? {}), `step ${step}`).toEqual(expect.arrayContaining(names))
  }

  test('can be stopped again while it is put right', async () => {
    const after = await restored()
    const place = await prepared(one)
    const before = await stateOf(place)
    const steps = await stepsOf(one)
    await runUntil(Math.ceil(steps * 0.7), () => sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL))
    for (let step = 1; step < 40; step += 3) await runUntil(step, () => repairAround(join(place, 'target')))
    await repairAround(join(place, 'target'))
    expect([before, after]).toContainEqual(await stateOf(place))
    expect(await leftovers(place)).toEqual([])
  })

  test('that is killed says so to whoever looks, and is repaired by the restore after it', async () => {
    const after = await restored()
    const steps = await stepsOf(one)
    for (const share of [0.3, 0.7, 0.85]) {
      const place = await prepared(one)
      expect(await killedAt(Math.ceil(steps * share), place, one)).toBe('SIGKILL')
      const left = await leftovers(place)
      const plan = await sinkFor(place, one.options).inspect(backup, countProgress(), SIGNAL)
      expect(plan.problems.length > 0).toBe(left.length > 0)
      expect(await leftovers(place)).toEqual(left)
      const { problems } = await sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL)
      expect(problems.length > 0).toBe(left.length > 0)
      expect(await stateOf(place)).toEqual(after)
    }
  })
})

async function stepsOf(one: Case): Promise<number> {
  const place = await prepared(one)
  return countChanges(() => sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL))
}

/** A restore in a process of its own, killed before that change. Returns what ended it. */
async function killedAt(step: number, place: string, { options }: Case): Promise<string | null> {
  const at = JSON.stringify(new URL('../../', import.meta.url))
  const segments = JSON.stringify(
    await Promise.all(backup.segments.map(async segment => [segment, await bytesOf(segment)])),
  )
  const script = `
    const { dieBefore } = await import(${at} + 'test/support/stopping-disk.ts')
    const { createFilesSink } = await import(${at} + 'src/files/extract.ts')
    const { countProgress } = await import(${at} + 'test/fakes/segments.ts')
    const [[segment, bytes]] = ${segments}
    const read = async function* () { yield Buffer.from(bytes, 'base64') }
    const options = ${JSON.stringify({ overwrite: false, include: [], ...options, directory: join(place, 'target'), cwd: options.cwd === undefined ? '/' : join(place, options.cwd) })}
    dieBefore(${step})
    const backup = { id: 'x', time: new Date(), detail: null, segments: [segment], read }
    await createFilesSink(options).restore(backup, countProgress(), new AbortController().signal)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [, signal] = await once(child, 'close')
  return signal
}

async function bytesOf(segment: StoredBackup['segments'][number]): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of backup.read(segment, SIGNAL)) parts.push(part)
  return Buffer.concat(parts).toString('base64')
}

test('a file that was written to after the restore had died stays, and what it replaced is kept', async () => {
  const one = CASES[2]
  if (one === undefined) throw new Error('no case')
  let checked = 0
  for (let step = 1, finished = false; !finished; step++) {
    const place = await prepared(one)
    finished = await runUntil(step, () => sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL))
    const file = join(place, 'target/a')
    const state = await stateOf(place)
    if (finished || state?.a !== `file ${Buffer.from('theirs').toString('base64')}`) continue
    const [leftover] = (await readdir(join(place, 'target'))).filter(name => name.includes('restoring'))
    if (leftover === undefined || !(await readdir(join(place, 'target', leftover))).includes('journal')) continue
    await appendFile(file, ' and mine')
    const [problem] = await repairAround(join(place, 'target'))
    expect(problem?.message).toContain('1 of them')
    expect((await stateOf(place))?.a).toBe(`file ${Buffer.from('theirs and mine').toString('base64')}`)
    const [kept = ''] = (await readdir(join(place, 'target'))).filter(name => name.startsWith('.comeback-before-'))
    expect((await describeTree(join(place, 'target', kept))).a?.content).toBe(Buffer.from('mine').toString('base64'))
    checked++
  }
  expect(checked).toBeGreaterThan(0)
})

test('what a stopped restore left can be discarded, which puts the old state back', async () => {
  const one = CASES[1]
  if (one === undefined) throw new Error('no case')
  for (let step = 1, finished = false; !finished; step++) {
    const place = await prepared(one)
    const before = await stateOf(place)
    finished = await runUntil(step, () => sinkFor(place, one.options).restore(backup, countProgress(), SIGNAL))
    const [leftover] = (await readdir(place)).filter(name => name.startsWith('.target.restoring-'))
    if (finished || leftover === undefined) continue
    if ((await stateOf(place)) !== undefined) continue
    await discardKept(join(place, leftover), undefined, SIGNAL)
    expect(await stateOf(place)).toEqual(before)
    return
  }
  throw new Error('It was never stopped between the two renames.')
})

test('two restores into one folder at the same time don’t get into each other’s way', async () => {
  const place = await temporaryFolder()
  await plant(join(place, 'target'), {})
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
  try {
    const other = join(place, '.target.restoring-20261123T020000Z-7f3a91')
    await mkdir(other, { mode: 0o700 })
    await writeFile(join(other, 'restore.json'), JSON.stringify({ process: child.pid, host: hostname() }))
    await expect(sinkFor(place, {}).restore(backup, countProgress(), SIGNAL)).rejects.toMatchObject({
      message: expect.stringContaining(`process ${child.pid}`),
    })
    expect(await readdir(other)).toEqual(['restore.json'])
    // That number may have been another process's, which has ended.
    const record = { process: child.pid, born: '1', host: hostname() }
    await writeFile(join(other, 'restore.json'), JSON.stringify(record))
    const { problems } = await sinkFor(place, {}).restore(backup, countProgress(), SIGNAL)
    expect(problems).toMatchObject([{ message: expect.stringContaining('was removed') }])
  } finally {
    child.kill()
  }
})
