/** A bucket through the built program, as people run it: location, endpoint and credentials from the environment. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { noise } from '../engine/scene.ts'
import { workplace } from '../support/cli.ts'
import { CREDENTIALS, type FakeS3, REGION, startFakeS3 } from '../support/s3/fake-s3.ts'

const SECRETS = new RegExp(`${CREDENTIALS.accessKeyId}|${escaped(CREDENTIALS.secretAccessKey)}|hunter2`)
/** The chain must not look for a machine's own credentials, which would leave the loopback. */
const NO_MACHINE = { AWS_EC2_METADATA_DISABLED: 'true' }

function environment({ endpoint }: Pick<FakeS3, 'endpoint'>, more: Readonly<Record<string, string>> = {}) {
  return {
    ...NO_MACHINE,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    COMEBACK_STORE: 's3://backups/nightly',
    ...more,
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

test('files go to a bucket, are listed there and come back', async () => {
  await using server = await startFakeS3({ pageSize: 2 })
  using place = workplace(environment(server))
  mkdirSync(join(place.folder, 'uploads'))
  writeFileSync(join(place.folder, 'uploads', 'big'), noise('big', 20_000_000))
  const report = await place.json<BackupReport>(['backup', 'files', '--files', 'uploads'])
  expect(report).toMatchObject({ store: 's3://backups/nightly', backups: [{ status: 'complete' }] })
  expect([...server.objects.keys()].every(key => key.startsWith('nightly/files/'))).toBe(true)

  writeFileSync(join(place.folder, 'uploads', 'more'), noise('more', 10_000))
  const second = await place.json<BackupReport>(['backup', 'files', '--files', 'uploads'])
  expect(second.backups).toMatchObject([{ status: 'complete', full: false }])

  const listed = await place.json<ListReport>(['list', '--store', 's3://backups/nightly/', '--s3-path-style'])
  expect(listed.backups).toHaveLength(2)
  await place.json(['restore', 'files', 'latest', '--into', 'restored'])
  for (const [name, length] of [
    ['big', 20_000_000],
    ['more', 10_000],
  ] as const) {
    const restored = readFileSync(join(place.folder, 'restored', 'uploads', name))
    expect(restored.equals(noise(name, length)), name).toBe(true)
  }
})

test('a server without conditional writes is warned of once', async () => {
  await using server = await startFakeS3({ conditions: 501 })
  using place = workplace(environment(server))
  writeFileSync(join(place.folder, 'file'), 'x')
  const { code, stderr } = await place.run(['backup', 'files', '--files', 'file'])
  expect(code).toBe(0)
  expect(stderr.match(/If-None-Match/g)).toHaveLength(1)
})

test.each<[string, string, Readonly<Record<string, string>>, number]>([
  ['a wrong secret', 'secret access key does not belong', { AWS_SECRET_ACCESS_KEY: 'hunter2' }, 1],
  ['an unknown access key', 'does not know this access key', { AWS_ACCESS_KEY_ID: 'hunter2' }, 1],
  ['no credentials', 'configure-aws-credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 1],
  ['a missing bucket', 'Create it first', { COMEBACK_STORE: 's3://elsewhere' }, 1],
  ['another region', `--s3-region ${REGION}`, { AWS_REGION: 'us-east-1' }, 1],
  ['a location without a bucket', 'names no bucket', { COMEBACK_STORE: 's3:///nightly' }, 2],
  [
    'an endpoint with a password',
    'no user name, password',
    { AWS_ENDPOINT_URL_S3: 'https://user:hunter2@localhost' },
    2,
  ],
])('%s is told at once, with what to do', async (_, words, more, expected) => {
  await using server = await startFakeS3()
  using place = workplace(environment(server, more))
  writeFileSync(join(place.folder, 'file'), 'x')
  for (const args of [['list'], ['backup', 'files', '--files', 'file', '--json']]) {
    const { code, stdout, stderr } = await place.run(args)
    const said = `${stdout}${stderr}`.replace(/\s+/g, ' ')
    expect(code, said).toBe(expected)
    expect(said).toContain(words)
    expect(said).not.toMatch(SECRETS)
  }
  expect(server.objects.size).toBe(0)
})

test('an endpoint where nobody answers is given up after a while', async () => {
  using place = workplace(environment({ endpoint: 'http://127.0.0.1:1' }))
  const { code, stdout, stderr } = await place.run(['list'])
  expect(code).toBe(1)
  expect(`${stdout}${stderr}`).toContain('ECONNREFUSED')
  expect(`${stdout}${stderr}`).not.toMatch(SECRETS)
})

test('no secret stands in what --debug shows or the log keeps of an error', async () => {
  await using server = await startFakeS3()
  using place = workplace(environment(server, { AWS_SECRET_ACCESS_KEY: 'hunter2', COMEBACK_DEBUG: '1' }))
  writeFileSync(join(place.folder, 'file'), 'x')
  const { stdout, stderr } = await place.run(['backup', 'files', '--files', 'file'])
  expect(`${stdout}${stderr}`).toContain('SignatureDoesNotMatch')
  expect(`${stdout}${stderr}`).not.toMatch(SECRETS)
})
