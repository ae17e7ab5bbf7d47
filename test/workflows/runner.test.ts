/** The runner that the other tests trust does what GitHub's does. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runWorkflow, type WorkflowRun } from '../support/workflow-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'comeback-runner-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(steps: string, options: Partial<WorkflowRun> = {}, job = '') {
  const file = join(folder, 'workflow.yml')
  writeFileSync(
    file,
    `on:
  schedule: [{cron: '1 2 * * *'}, {cron: '3 2 * * 0'}]
  workflow_dispatch:
    inputs:
      color: {type: choice, options: [red, green], default: red}
      sure: {type: boolean, default: true}
jobs:
  one:
    runs-on: ubuntu-24.04
${job}    steps:
${steps.replaceAll(/^/gm, '      ')}`,
  )
  return runWorkflow({ file, event: { name: 'workflow_dispatch' }, variables: {}, ...options })
}

test('a step hands outputs, variables and a summary on, on one line or several', async () => {
  const { steps, log, conclusion } = await run(
    String.raw`
- id: first
  run: |
    echo "word=hello" >> "$GITHUB_OUTPUT"
    printf 'text<<END\na\nb\nEND\n' >> "$GITHUB_OUTPUT"
    echo "LATER=from a file" >> "$GITHUB_ENV"
    echo "# Done" >> "$GITHUB_STEP_SUMMARY"
- name: \${{ steps.first.outputs.word }} again
  env: {WORD: '\${{ steps.first.outputs.word }}'}
  run: echo "$WORD, $LATER"
`.replaceAll('\\$', '$'),
  )
  expect(conclusion).toBe('success')
  expect(steps[0]?.outputs).toEqual({ word: 'hello', text: 'a\nb' })
  expect(steps[0]?.summary).toBe('# Done\n')
  expect(steps[1]?.name).toBe('hello again')
  expect(log).toContain('hello, from a file')
})

test('after a failure only those steps run that ask for it', async () => {
  const { steps, conclusion } = await run(`
- run: echo before
- run: exit 3
- run: echo after
- if: failure()
  run: echo alarm
- if: always() && inputs.color == 'green'
  run: echo green
`)
  expect(conclusion).toBe('failure')
  expect(steps.map(({ outcome }) => outcome)).toEqual(['success', 'failure', 'skipped', 'success', 'skipped'])
})

test('a failure that may be is no failure of the job', async () => {
  const { steps } = await run(`
- id: may
  continue-on-error: true
  run: exit 1
- if: steps.may.outcome == 'failure' && steps.may.conclusion == 'success'
  run: echo on
`)
  expect(steps.map(({ outcome }) => outcome)).toEqual(['failure', 'success'])
})

test('inputs keep their types, and get their defaults', async () => {
  const { steps } = await run(`
- if: inputs.sure && inputs.color == 'red'
  run: echo default
- if: '!inputs.sure'
  run: echo given
`)
  expect(steps.map(({ outcome }) => outcome)).toEqual(['success', 'skipped'])
})

test('a run that GitHub would not start is refused', async () => {
  const event = (inputs: Record<string, string | boolean>) => ({
    event: { name: 'workflow_dispatch', inputs } as const,
  })
  await expect(run('- run: echo', event({ colour: 'red' }))).rejects.toThrow('There is no input colour.')
  await expect(run('- run: echo', event({ color: 'blue' }))).rejects.toThrow('cannot be blue')
  await expect(run('- run: echo', event({ sure: 'yes' }))).rejects.toThrow('is a boolean')
  await expect(run('- run: echo', { event: { name: 'schedule', cron: '5 2 * * *' } })).rejects.toThrow('schedule')
})

test('the cron that is due is known', async () => {
  const { log } = await run(
    `- env: {CRON: '\${{ github.event.schedule }}'}\n  run: echo "due, $CRON, $GITHUB_RUN_ID"`,
    { event: { name: 'schedule', cron: '3 2 * * 0' }, variables: { GITHUB_RUN_ID: '7' } },
  )
  expect(log).toContain('due, 3 2 * * 0, 7')
})

test('secrets never reach the log: not given ones, and not those that a step masks', async () => {
  const { log } = await run(
    `
- env: {KEY: '\${{ secrets.KEY }}'}
  run: |
    echo "the key is $KEY"
    echo "::add-mask::hundred%25"
    echo "it is hundred% safe"
`,
    { secrets: { KEY: 'sesame' } },
  )
  expect(log).toContain('the key is ***')
  expect(log).toContain('it is *** safe')
  expect(log).not.toMatch(/sesame|hundred/)
})

test('a condition sees no secrets', async () => {
  await expect(run(`- if: secrets.KEY != ''\n  run: echo`, { secrets: { KEY: 'x' } })).rejects.toThrow()
})

test('a script gets no token to upload with', async () => {
  const { log } = await run('- run: echo "token:$ACTIONS_RUNTIME_TOKEN."', {
    variables: { ACTIONS_RUNTIME_TOKEN: 'eyJ' },
  })
  expect(log).toContain('token:.')
})

test('a checkout fills the workspace, and other actions need somebody who stands in for them', async () => {
  const checkout = join(folder, 'repository')
  mkdirSync(checkout)
  writeFileSync(join(checkout, 'file.txt'), 'content of the file\n')
  const got: unknown[] = []
  const { log } = await run('- uses: actions/checkout@v5\n- run: cat file.txt\n- uses: some/body@v1\n  with: {a: 1}', {
    checkout,
    standIns: { 'some/body': inputs => void got.push(inputs) },
  })
  expect(log).toContain('content of the file')
  expect(got).toEqual([{ a: '1' }])
  await expect(run('- uses: some/body@v1')).rejects.toThrow('Nothing stands in for some/body@v1.')
})

test('a service answers at a port of this machine', async () => {
  const { log } = await run(
    `- run: echo "port \${{ job.services.db.ports['5432'] }}"`,
    { startService: async ({ image }) => ({ '5432': image === 'postgres:18' ? '1234' : '' }) },
    `    services: {db: {image: 'postgres:18', ports: ['5432']}}\n`,
  )
  expect(log).toContain('port 1234')
})
