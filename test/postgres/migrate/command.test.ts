import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { parseDatabaseUrl } from '../../../src/postgres/connection/connection-url.ts'
import { environmentFor, runCommand } from '../../../src/postgres/migrate/command.ts'

function run(command: string, options: { readonly timeout?: number; readonly signal?: AbortSignal } = {}) {
  const lines: string[] = []
  const end = runCommand({
    command,
    cwd: tmpdir(),
    environment: { PATH: process.env.PATH },
    output: line => lines.push(line),
    timeout: options.timeout,
    signal: options.signal ?? new AbortController().signal,
  })
  return { lines, end }
}

const isAlive = (pid: string | undefined) => {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

async function gone(pid: string | undefined): Promise<boolean> {
  for (let look = 0; look < 100 && isAlive(pid); look++) await sleep(20)
  return !isAlive(pid)
}

test('a command ends with its code, its output line by line', async () => {
  const { end, lines } = run('echo one; echo two >&2; printf three; exit 3')
  expect(await end).toEqual({ exitCode: 3 })
  expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
})

test.each([
  ['comeback-no-such-program', 'the shell does not find it'],
  ['/', 'the shell may not execute it'],
  ['kill -KILL $$', 'it was ended by SIGKILL'],
  ["sh -c 'kill -TERM $$'; exit $?", 'a part of it was ended by signal 15'],
])('%s says nothing about migrations', async (command, notRun) => {
  expect(await run(command).end).toMatchObject({ notRun })
})

test('what takes too long is ended with all that it started', async () => {
  const { end, lines } = run('sleep 1000 & echo $!; wait', { timeout: 300 })
  expect(await end).toEqual({ exitCode: null, notRun: 'it took longer than 0.3 s' })
  expect(await gone(lines[0])).toBe(true)
})

test('a cancelled run ends it with all that it started, also what does not listen', async () => {
  const cancelled = new AbortController()
  const { end, lines } = run("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000", { signal: cancelled.signal })
  while (lines.length === 0) await sleep(20)
  cancelled.abort(new ComebackError('cancelled', 'Cancelled.'))
  await expect(end).rejects.toMatchObject({ code: 'cancelled' })
  expect(await gone(lines[0])).toBe(true)
})

test('what is left in the background ends with the command', async () => {
  const { end, lines } = run('sleep 1000 & echo $!')
  expect(await end).toEqual({ exitCode: 0 })
  expect(await gone(lines[0])).toBe(true)
})

describe('the environment', () => {
  const url =
    'postgresql://an%20n:p%40ss@db.example.com:6432/shop?schema=app&sslmode=verify-full&host=other&options=-cx%3D1'
  const made = environmentFor(
    {
      PATH: '/bin',
      PGHOSTADDR: '10.0.0.1',
      PGSERVICE: 'production',
      PGSSLROOTCERT: 'ca',
      PGTZ: 'UTC',
      PGOPTIONS: '-cx=2',
    },
    url,
    parseDatabaseUrl(url),
    4321,
  )

  test('leads to the proxy, whatever it said before', () => {
    expect(made).toEqual({
      PATH: '/bin',
      PGTZ: 'UTC',
      DATABASE_URL: 'postgresql://an%20n:p%40ss@127.0.0.1:4321/shop?schema=app&options=-cx%3D1&sslmode=disable',
      PGHOST: '127.0.0.1',
      PGPORT: '4321',
      PGUSER: 'an n',
      PGPASSWORD: 'p@ss',
      PGDATABASE: 'shop',
      PGSSLMODE: 'disable',
      PGGSSENCMODE: 'disable',
      PGCHANNELBINDING: 'disable',
    })
  })
})
