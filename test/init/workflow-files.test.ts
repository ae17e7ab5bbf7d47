/** What init writes is what GitHub accepts, whatever is chosen, and does what was chosen. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMPONENTS } from '../../src/format/manifest.ts'
import { cronsOf, DEFAULT_PLAN, type Plan, parseTime } from '../../src/init/plan.ts'
import { secretsOf, workflowFiles } from '../../src/init/workflow-files.ts'
import { lintProblems, schemaProblems } from '../support/workflow-lint.ts'
import { ruleProblems } from '../workflows/rules.ts'
import { gated } from '../workflows/scene.ts'

const FILES = ['public', "it's here/**"]
const everything: Plan = {
  ...DEFAULT_PLAN,
  components: COMPONENTS,
  store: 's3://bucket/prefix',
  s3Endpoint: 'https://minio.example.com:9000',
  s3Region: 'eu-west-1',
  s3PathStyle: true,
  allowPublicArtifacts: true,
  files: FILES,
  exclude: ['**/*.tmp'],
  configFiles: ['config/*.yml'],
  configEnv: ['SMTP_*'],
}
const plans: readonly (readonly [string, Plan])[] = [
  ['the default', DEFAULT_PLAN],
  ['everything, into a bucket', everything],
  ['files alone', { ...DEFAULT_PLAN, components: ['files'], files: FILES }],
  ['files and config', { ...everything, components: ['files', 'config'] }],
]

describe.each(plans)('%s', (_, plan) => {
  const files = workflowFiles(plan)

  test.each(files)('$path is a workflow that GitHub and actionlint accept, and keeps our rules', async file => {
    expect(await schemaProblems(file.path, file.text)).toEqual([])
    expect(await lintProblems(file.path, file.text)).toEqual([])
    expect(ruleProblems(file.text)).toEqual([])
  })

  test('every secret that a workflow passes on is one that init names', () => {
    const used = files.flatMap(({ text }) => [...text.matchAll(/secrets\.([A-Z_]+)/g)].map(match => match[1]))
    expect([...new Set(used)].filter(name => name !== 'TARGET_URL').sort()).toEqual(
      [...secretsOf(plan), ...(plan.components.includes('database') ? ['DATABASE_URL'] : [])]
        .filter((name, at, all) => all.indexOf(name) === at)
        .sort(),
    )
  })
})

test('what was chosen reaches the workflow that is called', () => {
  const [backup] = workflowFiles(everything).map(({ text }) => parse(text).jobs.backup)
  expect(backup.with).toMatchObject({
    files: "public\nit's here/**\n",
    exclude: '**/*.tmp\n',
    'config-files': 'config/*.yml\n',
    'config-env': 'SMTP_*\n',
    store: 's3://bucket/prefix',
    's3-endpoint': 'https://minio.example.com:9000',
    's3-path-style': true,
    'retention-days': 30,
  })
})

test('a job that calls gets at least the permissions that the job it calls asks for', () => {
  const permissions = workflowFiles(DEFAULT_PLAN).map(({ text }) => {
    const [job] = Object.values<{ permissions: unknown }>(parse(text).jobs)
    return job?.permissions
  })
  expect(permissions).toEqual([
    { actions: 'write', contents: 'read' },
    { actions: 'read', contents: 'read' },
    { actions: 'read', contents: 'read', 'pull-requests': 'write', checks: 'write' },
    { actions: 'write', issues: 'write' },
  ])
})

test('with the # taken out, pull requests run their migrations', async () => {
  const verify = workflowFiles({ ...DEFAULT_PLAN, postgres: 15 }).at(2)
  const text = gated(verify?.text ?? '')
  expect(parse(text).on.pull_request.paths).toEqual(['migrations/**'])
  expect(parse(text).jobs.verify.with).toMatchObject({ postgres: '15', migrate: 'npm run migrate', setup: 'npm ci' })
  expect(await schemaProblems('.github/workflows/comeback-verify.yml', text)).toEqual([])
  expect(await lintProblems('.github/workflows/comeback-verify.yml', text)).toEqual([])
  expect(ruleProblems(text)).toEqual([])
})

test('what is not backed up is not verified, and files need no PostgreSQL', () => {
  const [, , verify] = workflowFiles({ ...everything, components: ['files', 'config'] }).map(({ text }) => parse(text))
  expect(verify.jobs.verify.with).not.toHaveProperty('postgres')
  expect(verify.jobs.verify.with.component).toBe('files config')
})

test('what is backed up is watched, by its schedule, and so are the workflows that do it', () => {
  const { on, jobs } = parse(workflowFiles({ ...everything, components: ['files', 'config'] }).at(-1)?.text ?? '')
  expect(on.workflow_run.workflows).toEqual(['Comeback backup', 'Comeback verify'])
  expect(jobs.watch.with).toMatchObject({
    component: 'files config',
    'max-age': 'files=8d config=32d',
    workflows: 'comeback-backup.yml comeback-verify.yml comeback-watch.yml',
    store: 's3://bucket/prefix',
  })
})

test.each([
  [
    '2:17',
    { database: '17 2 * * *', files: '37 2 * * 0', config: '57 2 1 * *', verify: '27 4 * * 1', watch: '53 */6 * * *' },
  ],
  ['02:00', { database: '1 2 * * *' }],
  ['23:50', { database: '51 23 * * *', files: '11 0 * * 0', config: '31 0 1 * *', verify: '1 2 * * 1' }],
])('a day that begins at %s', (time, crons) => {
  expect(cronsOf(parseTime(time))).toMatchObject(crons)
})

test.each(['24:00', '2', '02:60', 'noon', ''])('%j is no time of day', time => {
  expect(() => parseTime(time)).toThrow('is no time of day')
})
