/** What only a process shows: signals, exit codes, pipes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const STUCK = resolve(import.meta.dirname, '../support/stuck-cli.ts')
const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts')

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-cli-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly working: Promise<void>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string; seconds: number }>
}

function start(script: string, args: readonly string[], environment: Record<string, string> = {}): Run {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [script, ...args], { cwd: folder, env: { PATH, ...environment } })
  children.push(child)
  const begun = performance.now()
  const text = { stdout: '', stderr: '' }
  const working = new Promise<void>(done => {
    child.stderr.setEncoding('utf8').on('data', (data: string) => {
      text.stderr += data
      if (text.stderr.includes('copying rows')) done()
    })
  })
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text.stdout += data
  })
  const ended = new Promise<Awaited<Run['ended']>>(done => {
    child.on('close', code => done({ code, ...text, seconds: (performance.now() - begun) / 1000 }))
  })
  return { child, working, ended }
}

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s lets the run end by itself, with 130', async signal => {
    const { child, working, ended } = start(STUCK, ['backup', 'database', '--json'])
    await working
    child.kill(signal)
    const { code, stdout, stderr } = await ended
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'cancelled', message: `The run was cancelled by ${signal}.` } })
    expect(stderr).toContain('Stopping')
  })

  test('ends a run that is deaf to it within five seconds', async () => {
    const { child, working, ended } = start(STUCK, ['backup', 'database'], { STUCK: 'deaf' })
    await working
    const begun = performance.now()
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('The run was cancelled by SIGINT.')
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('given twice ends it at once', async () => {
    const { child, working, ended } = start(STUCK, ['backup', 'database'], { STUCK: 'deaf' })
    await working
    const begun = performance.now()
    child.kill('SIGINT')
    await new Promise(done => setTimeout(done, 200))
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})

describe('the end of the process', () => {
  test('does not wait for what a finished run left open', async () => {
    const { ended } = start(STUCK, ['key', 'show-id'], { STUCK: 'done' })
    const { code, stdout } = await ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done, but a timer lives\n' })
  })

  test('is no success when the run never came to an end', async () => {
    const { ended } = start(STUCK, ['key', 'show-id'], { STUCK: 'drained' })
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect(stderr).toContain('ended before the run did')
  })

  test('is quiet when nobody reads any more', async () => {
    const { child, ended } = start(MAIN, ['help', 'backup'])
    child.stdout?.destroy()
    const { code, stderr } = await ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('the process', () => {
  test('gets a thread for each core, four at least, unless told otherwise', async () => {
    const size = async (environment: Record<string, string>) =>
      (await start(STUCK, ['key', 'show-id'], { STUCK: 'threads', ...environment }).ended).stdout.trim()
    expect(await size({})).toBe(String(Math.max(4, availableParallelism())))
    expect(await size({ UV_THREADPOOL_SIZE: '2' })).toBe('2')
  })

  test('gives exit codes that scripts can rely on', async () => {
    expect((await start(MAIN, ['--version']).ended).code).toBe(0)
    expect((await start(MAIN, ['bakcup']).ended).code).toBe(2)
    expect((await start(MAIN, []).ended).code).toBe(2)
  })
})
