/** The built Action as a runner starts it: a process with variables and files, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inputVariables, outputsIn, type Runner, runner } from './scene.ts'

const ACTION = resolve(import.meta.dirname, '../../dist/action/index.js')
const KEY = 'a passphrase for tests only'

let scene: Runner
const children: ChildProcess[] = []
beforeEach(() => {
  scene = runner()
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  scene[Symbol.dispose]()
})

/** A step of its own: it finds no outputs of an earlier one. */
function start(inputs: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  for (const file of [scene.files.GITHUB_OUTPUT, scene.files.GITHUB_STEP_SUMMARY]) writeFileSync(file, '')
  const child = spawn(process.execPath, [ACTION], {
    cwd: dirname(scene.folder),
    env: {
      PATH: dirname(process.execPath),
      GITHUB_WORKSPACE: scene.folder,
      ...scene.files,
      ...inputVariables({ key: KEY, store: 'file:./store', ...inputs }),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ code, stdout, stderr, outputs: outputsIn(scene.files.GITHUB_OUTPUT) }),
  )
  return { child, ended }
}

describe('the built Action', () => {
  test('backs up, lists, checks and restores', async () => {
    mkdirSync(join(scene.folder, 'public'))
    writeFileSync(join(scene.folder, 'public', 'a.txt'), 'as it was')
    const backup = await start({ command: 'backup', component: 'files', files: 'public' }).ended
    expect(backup).toMatchObject({ code: 0, stderr: '', outputs: { status: 'complete' } })
    const id = backup.outputs['backup-ids'] ?? ''
    expect(id).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/)

    const list = await start({ command: 'list' }).ended
    expect(list.stdout).toContain(id)
    expect(JSON.parse(readFileSync(list.outputs.report ?? '', 'utf8')).backups[0].id).toBe(id)
    expect(readFileSync(scene.files.GITHUB_STEP_SUMMARY, 'utf8')).toContain(id)

    const check = await start({ command: 'check', read: 'true' }).ended
    expect(check).toMatchObject({ code: 0, outputs: { status: 'ok', verdict: 'verified' } })
    expect((await start({ command: 'check' }).ended).outputs).toMatchObject({ status: 'ok', verdict: '' })

    const restored = await start({ command: 'restore', component: 'files', into: 'restored' }).ended
    expect(restored).toMatchObject({ code: 0, outputs: { status: 'ok', 'backup-ids': id } })
    expect(readFileSync(join(scene.folder, 'restored', 'public', 'a.txt'), 'utf8')).toBe('as it was')
  })

  test('finds damage, and fails the step with the code of the CLI', async () => {
    writeFileSync(join(scene.folder, 'a.txt'), 'content')
    await start({ component: 'files', files: 'a.txt' }).ended
    const folder = join(scene.folder, 'store', 'files', readdirSync(join(scene.folder, 'store', 'files'))[0] ?? '')
    const pack = readdirSync(folder).find(name => name.startsWith('01-data')) ?? ''
    writeFileSync(join(folder, pack), 'something else')
    const { code, stdout, outputs } = await start({ command: 'check' }).ended
    expect({ code, ...outputs }).toMatchObject({ code: 3, status: 'failed', verdict: 'failed' })
    expect(stdout).toContain('::error title=Comeback%3A files%2C wrong-size::')
  })

  test('masks the key before it says anything', async () => {
    const { stdout } = await start({ command: 'list' }).ended
    expect(stdout.startsWith(`::add-mask::${KEY}\n`)).toBe(true)
    expect(stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(KEY)
  })

  test('refuses an input that there is not', async () => {
    const { code, stdout, outputs } = await start({ command: 'list', 's3-bucket': 'x' }).ended
    expect(code).toBe(2)
    expect(stdout).toContain(
      '::error title=Comeback%3A usage::There is no input "s3-bucket".%0AIt is called store here.',
    )
    expect(outputs.status).toBe('failed')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('that is cancelled by %s ends in good order and in time', async signal => {
    // It takes what it is sent, and never answers.
    await using silent = createServer(socket => socket.resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { child, ended } = start(
      { command: 'list', store: 's3://bucket', 's3-endpoint': `http://127.0.0.1:${port}`, 's3-region': 'x' },
      { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'only for tests' },
    )
    const [socket] = await once(silent, 'connection')
    const begun = performance.now()
    child.kill(signal)
    const { code, stdout, outputs } = await ended
    socket.destroy()
    expect(code).toBe(130)
    expect(stdout).toContain(`::error title=Comeback%3A cancelled::The run was cancelled by ${signal}.`)
    expect(outputs.status).toBe('failed')
    // The runner sends SIGTERM 7.5 seconds after SIGINT, and kills soon after that.
    expect(performance.now() - begun).toBeLessThan(7_500)
  })

  test('starts within half a second of processor time', async () => {
    const script = `await import(${JSON.stringify(ACTION)}); process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error((user + system) / 1e6) })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { GITHUB_WORKSPACE: scene.folder, ...inputVariables({ command: 'list', store: 'file:./store' }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.push(child)
    const seconds = Number(await text(child.stderr))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(0.5)
  })
})
