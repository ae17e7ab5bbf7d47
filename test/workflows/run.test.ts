/** The workflows, run step by step with the built Action, a stand-in for GitHub and real servers. */
import { createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { PBKDF2_ITERATIONS } from '../../src/format/keys.ts'
import { COMPONENTS } from '../../src/format/manifest.ts'
import { DEFAULT_PLAN } from '../../src/init/plan.ts'
import { workflowFiles } from '../../src/init/workflow-files.ts'
import { TEST_KEY } from '../support/cli.ts'
import { createDatabase } from '../support/database.ts'
import type { WorkflowResult } from '../support/workflow-runner.ts'
import { expectConclusion, guests, startRepository } from './scene.ts'

// Each step is a process that derives a key; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 })

const DAILY = { name: 'schedule', cron: '17 2 * * *' } as const
const WEEKLY = { name: 'schedule', cron: '37 2 * * 0' } as const
const MONTHLY = { name: 'schedule', cron: '57 2 1 * *' } as const
const VARS = { COMEBACK_FILES: 'public', COMEBACK_CONFIG_FILES: 'app.ini' }

const outcomes = ({ steps }: WorkflowResult) => Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]))

describe('backup.yml', () => {
  test('backs up the database at its cron, then prunes, and shows no secret', async () => {
    await using source = await guests(['Ada'])
    await using repository = await startRepository({ DATABASE_URL: source.url })
    const result = await repository.run('backup.yml', DAILY)
    expectConclusion(result, 'success')
    expect(outcomes(result)).toEqual({
      'Check out what files and config consist of': 'skipped',
      'Back up': 'success',
      'Draw the report': 'skipped',
      'Publish the report as an artifact': 'skipped',
    })
    expect(result.steps[1]?.outputs).toMatchObject({ status: 'complete' })
    expect(result.steps[1]?.summary).not.toBe('')
    expect(repository.github.artifacts.map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^comeback~database~.*~manifest\.json~/),
    )
    expect(result.log).not.toContain(TEST_KEY)
    expect(result.log).not.toContain('secret')
  })

  test('each cron has its component', async () => {
    await using repository = await startRepository({})
    for (const [cron, component] of [
      [WEEKLY, 'files'],
      [MONTHLY, 'config'],
    ] as const) {
      expectConclusion(await repository.run('backup.yml', cron, { vars: VARS }), 'success')
      expect(repository.github.artifacts.at(-1)?.name).toContain(`comeback~${component}~`)
    }
  })

  test('a backup that fails fails the job', async () => {
    await using repository = await startRepository({ DATABASE_URL: 'postgresql://nobody:sesame@127.0.0.1:1/none' })
    const result = await repository.run('backup.yml', DAILY)
    expectConclusion(result, 'failure')
    expect(outcomes(result)).toMatchObject({ 'Back up': 'failure' })
    expect(result.log).not.toContain('sesame')
  })

  test('a page is published where it is asked for, and shows the run that failed', async () => {
    await using repository = await startRepository({ DATABASE_URL: 'postgresql://nobody:sesame@127.0.0.1:1/none' })
    const pages: string[] = []
    const publish = ({ path = '' }) => void pages.push(readFileSync(path, 'utf8'))
    const standIns = { 'actions/upload-artifact': publish }
    const vars = { ...VARS, COMEBACK_PUBLISH_REPORT: 'true' }
    expectConclusion(await repository.run('backup.yml', DAILY, { vars, standIns }), 'failure')
    expect(pages).toEqual([expect.stringContaining('No good backup: database.')])
    expect(pages[0]).not.toContain('sesame')

    const inputs = { component: 'files', files: 'public', 'publish-report': true }
    const event = { name: 'workflow_call', inputs, caller: WEEKLY } as const
    expectConclusion(await repository.run('backup.yml', event, { standIns }), 'success')
    expect(pages[1]).toMatch(/comeback restore files \S+ --store artifact:/)
  })

  test('lines of CONFIG_ENV become configuration, and no value reaches the log', async () => {
    await using repository = await startRepository({})
    const inputs = { component: 'config', 'config-env': 'SMTP_*' }
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'
    const lines = [
      'SMTP_HOST=mail.example.com',
      'SMTP_PASSWORD=100%25 open sesame=\r',
      `SMTP_KEY="${pem}"`,
      'OTHER=x',
      '# no',
    ]
    // Were they variables of the step, the backup would go elsewhere, and without a check of whom it goes to.
    const theirs = [
      'COMEBACK_STORE=file:/nowhere',
      'NODE_TLS_REJECT_UNAUTHORIZED=0',
      'NODE_OPTIONS=--nonsense',
      'BASH_ENV=x',
    ]
    const secrets = { CONFIG_ENV: [...lines, ...theirs, ''].join('\n') }
    const event = { name: 'workflow_call', inputs, caller: DAILY } as const
    const result = await repository.run('backup.yml', event, { secrets })
    expectConclusion(result, 'success')
    expect(result.log).not.toMatch(/sesame|PRIVATE KEY|TLS_REJECT/)

    const { text } = await handedOver(repository, 'plain')
    expect(text).toContain('SMTP_PASSWORD missing from the present environment')
    expect(text).not.toContain('sesame')
    const { files } = await handedOver(repository, 'encrypted')
    const archive = decrypted(files.get('01-data-0001.tar.gz.enc'))
    expect(archive).toContain('100%25 open sesame=')
    expect(archive).toContain(pem)
    expect(archive).not.toContain('OTHER')
  })
})

type Repository = Awaited<ReturnType<typeof startRepository>>

/** What the restore of the configuration hands over as an artifact. */
async function handedOver(repository: Repository, handOver: string) {
  const files = new Map<string, Buffer>()
  const result = await repository.run(
    'restore.yml',
    { name: 'workflow_dispatch', inputs: { component: 'config', 'dry-run': false, 'hand-over': handOver } },
    {
      standIns: {
        'actions/upload-artifact'({ path = '' }) {
          for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
            if (entry.isFile()) files.set(entry.name, readFileSync(join(entry.parentPath, entry.name)))
          }
        },
      },
    },
  )
  expectConclusion(result, 'success')
  return { result, files, text: [...files.values()].map(bytes => bytes.toString('latin1')).join('\n') }
}

/** As `openssl enc -d … | gunzip` gives it. */
function decrypted(pack: Buffer | undefined): string {
  if (pack === undefined) throw new Error('The export holds no such file.')
  const derived = pbkdf2Sync(TEST_KEY, pack.subarray(8, 16), PBKDF2_ITERATIONS, 48, 'sha256')
  const decipher = createDecipheriv('aes-256-cbc', derived.subarray(0, 32), derived.subarray(32))
  return gunzipSync(Buffer.concat([decipher.update(pack.subarray(16)), decipher.final()])).toString('latin1')
}

describe('restore.yml', () => {
  test('brings the newest backup, or an older one by its id, into another database', async () => {
    await using source = await guests(['Ada'])
    await using first = await createDatabase(18)
    await using second = await createDatabase(18)
    await using repository = await startRepository({ DATABASE_URL: source.url })
    const id = (await repository.run('backup.yml', DAILY)).steps[1]?.outputs['backup-ids'] ?? ''
    await source.query("UPDATE guest SET name = 'Grace'")
    await repository.run('backup.yml', DAILY)

    const restore = async (at: string, url: string) => {
      const inputs = { at, 'dry-run': false }
      const event = { name: 'workflow_dispatch', inputs } as const
      expectConclusion(await repository.run('restore.yml', event, { secrets: { TARGET_URL: url } }), 'success')
    }
    await restore('latest', first.url)
    expect(await first.query('SELECT name FROM guest')).toEqual([{ name: 'Grace' }])
    await restore(id, second.url)
    expect(await second.query('SELECT name FROM guest')).toEqual([{ name: 'Ada' }])
  })

  test('touches nothing unless it is told so', async () => {
    await using source = await guests(['Ada'])
    await using target = await createDatabase(18)
    await using repository = await startRepository({ DATABASE_URL: source.url, TARGET_URL: target.url })
    await repository.run('backup.yml', DAILY)
    const result = await repository.run('restore.yml', { name: 'workflow_dispatch' })
    expectConclusion(result, 'success')
    expect(result.log).toContain(target.name)
    expect(await target.query("SELECT to_regclass('guest') AS guest")).toEqual([{ guest: null }])
  })

  test('never takes the original for a copy whose secret is missing', async () => {
    await using source = await guests(['Ada'])
    await using repository = await startRepository({ DATABASE_URL: source.url })
    await repository.run('backup.yml', DAILY)
    await source.query("UPDATE guest SET name = 'Grace'")
    const inputs = { target: 'TARGET_URL', mode: 'atomic', 'dry-run': false, confirm: source.name }
    const result = await repository.run('restore.yml', { name: 'workflow_dispatch', inputs })
    expectConclusion(result, 'failure')
    expect(result.log).toContain('No database is named.')
    expect(await source.query('SELECT name FROM guest')).toEqual([{ name: 'Grace' }])
  })

  test('replaces the original only when it was chosen, and its name was typed', async () => {
    await using source = await guests(['Ada'])
    await using repository = await startRepository({ DATABASE_URL: source.url })
    await repository.run('backup.yml', DAILY)
    await source.query("UPDATE guest SET name = 'Grace'")
    const unconfirmed = { target: 'DATABASE_URL', mode: 'atomic', 'dry-run': false }
    expectConclusion(await repository.run('restore.yml', { name: 'workflow_dispatch', inputs: unconfirmed }), 'failure')
    expect(await source.query('SELECT name FROM guest')).toEqual([{ name: 'Grace' }])
    const inputs = { ...unconfirmed, confirm: source.name }
    expectConclusion(await repository.run('restore.yml', { name: 'workflow_dispatch', inputs }), 'success')
    expect(await source.query('SELECT name FROM guest')).toEqual([{ name: 'Ada' }])
    const undo = { ...inputs, undo: true }
    expectConclusion(await repository.run('restore.yml', { name: 'workflow_dispatch', inputs: undo }), 'success')
    expect(await source.query('SELECT name FROM guest')).toEqual([{ name: 'Grace' }])
  })

  test('hands configuration over encrypted, as plain text, or not at all, as it was asked to', async () => {
    await using repository = await startRepository({})
    expectConclusion(await repository.run('backup.yml', MONTHLY, { vars: VARS }), 'success')
    const encrypted = await handedOver(repository, 'encrypted')
    expect([...encrypted.files.keys()]).toContain('manifest.json')
    expect(encrypted.text).not.toContain('workers = 4')
    expect((await handedOver(repository, 'plain')).text).toContain('workers = 4')
    const nothing = await handedOver(repository, 'nothing')
    expect(nothing.files.size).toBe(0)
    expect(outcomes(nothing.result)).toMatchObject({ 'Hand over as an artifact for a day': 'skipped' })
  })
})

test('the workflows that init writes call ours: what they back up comes back', async () => {
  const plan = { ...DEFAULT_PLAN, components: COMPONENTS, files: ['public'], configFiles: ['app.ini'] }
  const folder = mkdtempSync(join(tmpdir(), 'comeback-caller-'))
  const [backup = '', restore = ''] = workflowFiles(plan).map(({ path, text }) => {
    const file = join(folder, path.split('/').at(-1) ?? '')
    writeFileSync(file, text)
    return file
  })
  try {
    await using source = await guests(['Ada'])
    await using target = await createDatabase(18)
    await using repository = await startRepository({ DATABASE_URL: source.url, TARGET_URL: target.url })
    for (const cron of [DAILY, WEEKLY, MONTHLY]) expectConclusion(await repository.run(backup, cron), 'success')
    const components = repository.github.artifacts.map(({ name }) => name.split('~')[1])
    expect([...new Set(components)]).toEqual(COMPONENTS)
    const event = { name: 'workflow_dispatch', inputs: { 'dry-run': false } } as const
    expectConclusion(await repository.run(restore, event), 'success')
    expect(await target.query('SELECT name FROM guest')).toEqual([{ name: 'Ada' }])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
