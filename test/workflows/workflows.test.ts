/** Every workflow is what GitHub accepts, and keeps the rules that a linter does not know. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { lintProblems, schemaProblems } from '../support/workflow-lint.ts'
import { ruleProblems } from './rules.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDER = '.github/workflows'
const read = (name: string) => readFileSync(join(ROOT, FOLDER, name), 'utf8')

describe.each(readdirSync(join(ROOT, FOLDER)))('%s', name => {
  test('fits the schema of GitHub', async () => {
    expect(await schemaProblems(`${FOLDER}/${name}`, read(name))).toEqual([])
  })

  test('has nothing that actionlint objects to', async () => {
    expect(await lintProblems(`${FOLDER}/${name}`, read(name))).toEqual([])
  })

  test('keeps our own rules', () => {
    expect(ruleProblems(read(name))).toEqual([])
  })
})

test('a backup waits for one of the same component, whether by schedule or by hand: both ask for it in the same words', () => {
  const { backup } = parse(read('backup.yml')).jobs
  expect(backup.concurrency.group).toContain(backup.env.COMPONENT)
  expect(backup.concurrency['cancel-in-progress']).toBe(false)
})

test('the workflows that the README shows are as good', async () => {
  const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```yaml\n(.*?)```/gs)]
  const workflows = blocks.map(match => match[1] ?? '').filter(text => /^jobs:/m.test(text))
  expect(workflows).not.toEqual([])
  for (const text of workflows) {
    expect(await schemaProblems(`${FOLDER}/readme.yml`, text)).toEqual([])
    expect(await lintProblems(`${FOLDER}/readme.yml`, text)).toEqual([])
    expect(ruleProblems(text)).toEqual([])
  }
})

test('the workflow that the head of comment.yml shows is as good', async () => {
  const shown = [...read('comment.yml').matchAll(/^# {3}(.*)$/gm)].map(([, line]) => `${line}\n`).join('')
  expect(await schemaProblems(`${FOLDER}/readme.yml`, shown)).toEqual([])
  expect(await lintProblems(`${FOLDER}/readme.yml`, shown)).toEqual([])
  expect(ruleProblems(shown)).toEqual([])
})

test('action.yml fits the schema of GitHub', async () => {
  expect(await schemaProblems('action.yml', readFileSync(join(ROOT, 'action.yml'), 'utf8'))).toEqual([])
})

describe('the checks see', () => {
  const workflow = (steps: string, rest = '') =>
    `on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    permissions: {contents: read}\n${rest}    steps:\n${steps}`
  const path = '.github/workflows/x.yml'

  test('an input that our Action does not have', async () => {
    const text = workflow('      - uses: comeback-backup/comeback@v0\n        with: {tragte-url: x}\n')
    expect(await schemaProblems(path, text)).toEqual(["line 10: Invalid action input 'tragte-url'"])
  })

  test('an unknown context', async () => {
    const text = workflow(`      - run: echo "\${{ nobody.x }}"\n`)
    expect(await schemaProblems(path, text)).not.toEqual([])
    expect(await lintProblems(path, text)).not.toEqual([])
  })

  test('an action.yml for a runtime that there is not', async () => {
    const text = 'name: x\ndescription: x\nruns:\n  using: node99\n  main: x.js\n'
    expect(await schemaProblems('action.yml', text)).toEqual(["line 4: Unexpected value 'node99'"])
  })

  test('an action without a hash, a hash without a version, a script with an expression, a kept token', () => {
    const hash = '08c6903cd8c0fde910a37f88322edcfb5dd907a8'
    const text = workflow(
      ['actions/checkout@v5', `actions/checkout@${hash}`].map(uses => `      - uses: ${uses}\n`).join('') +
        `      - run: echo '\${{ inputs.x }}'\n`,
    )
    expect(ruleProblems(text)).toEqual([
      'a: actions/checkout@v5 is not pinned by its hash',
      'a: a script has an expression in it',
      'a: the checkout keeps the token',
      'a: the checkout keeps the token',
      `no version stands beside the hash: - uses: actions/checkout@${hash}`,
    ])
  })

  test('secrets for code of others', () => {
    const checkout = '      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0\n        with: '
    const ref = `\${{ github.event.workflow_run.head_sha }}`
    const text = workflow(`${checkout}{persist-credentials: false, ref: '${ref}'}\n`)
    expect(ruleProblems(text)).toEqual(['a: the checkout takes what the event names'])
    const run = workflow(`${checkout}{persist-credentials: false}\n`)
      .replace('on: push', 'on: {workflow_run: {workflows: [x]}}')
      .replace('contents: read', 'pull-requests: write')
    expect(ruleProblems(run)).toEqual(['a: a checkout stands beside rights of a workflow_run'])
    const own = workflow(
      `${checkout}{persist-credentials: false}\n      - run: npm ci\n`,
      "    if: github.event_name == 'pull_request'\n",
    )
    expect(ruleProblems(own)).toEqual([])
    const told = ['a: code of a pull request stands beside a secret, a token or a right']
    for (const more of ['uses: comeback-backup/comeback@v0', `run: x\n        env: {KEY: '\${{ secrets.KEY }}'}`])
      expect(ruleProblems(`${own}      - ${more}\n`)).toEqual(told)
    expect(ruleProblems(own.replace('contents: read', 'checks: write'))).toEqual(told)
    const pull = workflow('      - run: x\n').replace('on: push', 'on: pull_request')
    expect(ruleProblems(pull)).toEqual(['a: a pull request may write to the cache'])
    expect(ruleProblems(pull.replace('timeout', 'cache-mode: read\n    timeout'))).toEqual([])
    const named = workflow('      - run: x\n', `    env: {KEY: '\${{ secrets.KEY }}'}\n`)
    expect(ruleProblems(named.replace('on: push', 'on: {workflow_run: {workflows: [x]}}'))).toEqual([
      'a: a workflow of a fork starts it',
    ])
    expect(ruleProblems(workflow('      - run: x\n').replace('on: push', 'on: {pull_request_target: {}}'))).toEqual([
      'pull_request_target runs with secrets for code of others',
    ])
  })

  test('a job without limits, a cron at a full hour, a run that is cancelled', () => {
    const text =
      "on:\n  schedule: [{cron: '0 2 * * *'}]\nconcurrency: {group: x, cancel-in-progress: true}\njobs:\n  a: {runs-on: x, steps: []}\n"
    expect(ruleProblems(text)).toEqual([
      'the workflow does not begin with permissions: {}',
      'the cron 0 2 * * * is due at an even minute',
      'a has no timeout-minutes',
      'a names no permissions',
      'a can be cancelled by the next run',
    ])
  })
})
