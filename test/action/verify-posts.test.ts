/** A comment of the pull request and a check of the commit, by the real client, against the stand-in for GitHub. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseInputs } from '../../src/action/inputs.ts'
import { postVerdict } from '../../src/action/verify-posts.ts'
import { createVoice } from '../../src/action/voice.ts'
import { ComebackError } from '../../src/errors.ts'
import { scrubber } from '../../src/report/scrub.ts'
import type { VerifyReport } from '../../src/report/verify-report.ts'
import { failed, hostileReport, LATER, recorded, reportOf, unverified, verified } from '../report/sample-proofs.ts'
import { type GitHub, type GitHubOptions, type Run, startGitHub } from '../support/github/github.ts'
import { FakePipe } from '../support/terminal.ts'
import { inputVariables } from './scene.ts'

const PULL = 7
const HEAD = 'b'.repeat(40)
const SECRET = 'hunter22-is-secret'
const COMMENTS = /\/issues\/7\/comments/

let github: GitHub
let folder = ''
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-posts-'))
  github = await startGitHub()
})
afterEach(async () => {
  await github[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const withGitHub = async (options: GitHubOptions) => {
  await github[Symbol.asyncDispose]()
  github = await startGitHub(options)
}

const pullEvent = (repository = 'acme/app') => ({
  pull_request: { number: PULL, head: { sha: HEAD, repo: { full_name: repository } } },
})

interface Circumstances {
  readonly run?: Run
  readonly event?: object
  readonly inputs?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Posts what came of a run, and returns what it said in the log. */
async function post(result: VerifyReport | Error, circumstances: Circumstances = {}): Promise<string> {
  const { run = github.newRun({ event: 'pull_request' }), event = pullEvent(), inputs = {} } = circumstances
  const file = join(folder, 'event.json')
  writeFileSync(file, JSON.stringify(event))
  const environment = {
    ...github.environment(run),
    GITHUB_EVENT_PATH: file,
    ...circumstances.environment,
    ...inputVariables({
      command: 'verify',
      comment: 'true',
      'check-run': 'true',
      'github-token': github.token,
      ...inputs,
    }),
  }
  const stdout = new FakePipe()
  await postVerdict(result instanceof Error ? { exitCode: 1, error: result } : { exitCode: 0, report: result }, {
    request: parseInputs(environment),
    environment,
    cwd: folder,
    voice: createVoice(stdout, scrubber([SECRET])),
    now: LATER,
    signal: circumstances.signal ?? new AbortController().signal,
    debug: () => undefined,
    pause: 1,
  })
  return stdout.text
}

describe('the comment', () => {
  test('is written once, and updated by the runs that follow', async () => {
    expect(await post(reportOf([failed]))).toBe('')
    expect(await post(reportOf([verified]))).toBe('')
    const [comment = '', ...more] = github.comments(PULL)
    expect(more).toEqual([])
    expect(comment).toMatch(/^<!-- comeback:verify \S+ run \d+\.\d+ -->\n## ✅ Proof: database verified\n/)
    expect(comment).toContain('/actions/runs/')
    expect(comment).toContain('<code>bbbbbbb</code>')
  })

  test('is found beyond the first hundreds of comments', async () => {
    for (let count = 0; count < 230; count++) github.addComment(PULL, 'ada', `No. ${count}`)
    await post(reportOf([failed]))
    for (let count = 0; count < 120; count++) github.addComment(PULL, 'ada', `No. ${count}`)
    await post(reportOf([verified]))
    expect(github.comments(PULL).filter(body => body.includes('comeback:verify'))).toEqual([
      expect.stringContaining('## ✅'),
    ])
  })

  test('is not one that somebody else gave the marker', async () => {
    await post(reportOf([failed]))
    const [marked = ''] = github.comments(PULL)
    await withGitHub({})
    github.addComment(PULL, 'mallory', marked)
    github.addComment(PULL, 'github-actions[bot]', `> ${marked}`)
    await post(reportOf([verified]))
    expect(github.comments(PULL)).toEqual([marked, `> ${marked}`, expect.stringContaining('## ✅')])
  })

  test('is known by its author where GitHub does not tell whose token it is', async () => {
    await post(reportOf([failed]))
    const [marked = ''] = github.comments(PULL)
    await withGitHub({})
    github.fault({ match: /graphql/, status: 403, times: 10 })
    github.addComment(PULL, 'mallory', marked)
    github.addComment(PULL, 'github-actions[bot]', marked)
    await post(reportOf([verified]))
    expect(github.comments(PULL)).toEqual([marked, expect.stringContaining('## ✅')])
  })

  test('is one for each workflow, and for each choice of components', async () => {
    const other = { GITHUB_WORKFLOW_REF: 'acme/app/.github/workflows/nightly--x.yml@refs/heads/main' }
    for (let time = 0; time < 2; time++) {
      await post(reportOf([verified]))
      await post(reportOf([verified]), { environment: other })
      await post(reportOf([verified]), { inputs: { component: 'files' } })
    }
    expect(github.comments(PULL)).toHaveLength(3)
  })

  test('is one although two runs write it at the same time', async () => {
    const runs = Array.from({ length: 4 }, () => github.newRun({ event: 'pull_request' }))
    // All of them look before any of them has written.
    github.fault({ match: /^POST .*comments/, delay: 300, times: 4 })
    await Promise.all(runs.map(run => post(reportOf([verified]), { run, inputs: { 'check-run': 'false' } })))
    const [comment = '', ...more] = github.comments(PULL)
    expect(more).toEqual([])
    expect(comment).toContain(`run ${runs.at(-1)?.id}.1 -->`)
  })

  test('of a later run stays when an earlier one ends after it', async () => {
    const [early, late] = [github.newRun({ event: 'pull_request' }), github.newRun({ event: 'pull_request' })]
    await post(reportOf([verified]), { run: late })
    await post(reportOf([failed]), { run: early })
    expect(github.comments(PULL)).toEqual([expect.stringContaining('## ✅')])
    await post(reportOf([failed]), { run: github.attempt(late) })
    expect(github.comments(PULL)).toEqual([expect.stringContaining('## ❌')])
  })

  test('is written once although its answer was lost', async () => {
    github.fault({ match: /^POST .*comments/, lost: true })
    expect(await post(reportOf([verified]))).toBe('')
    expect(github.comments(PULL)).toHaveLength(1)
    expect(github.unmet()).toEqual([])
  })

  test('fits, however much was found', async () => {
    const many = Array.from({ length: 300 }, (_, index) => ({
      code: 'rows-differ' as const,
      subject: `public.${'|'.repeat(200)}${index}`,
      message: '<'.repeat(900),
      hint: `${index}${'`'.repeat(900)}`,
    }))
    expect(await post(reportOf([{ ...failed, findings: many }]))).toBe('')
    expect(github.comments(PULL)).toHaveLength(1)
    expect(github.checkRuns).toHaveLength(1)
  })

  test('of hostile names has one marker, its own, and names no secret', async () => {
    await post(hostileReport())
    await post({ ...hostileReport(), store: `s3://x/${SECRET}` })
    const [comment = '', ...more] = github.comments(PULL)
    expect(more).toEqual([])
    // Inside of a block of code another one is only text.
    expect(comment.replace(/^(`{3,})\w+\n[\s\S]*?^\1$/gm, '').match(/<!--/g)).toHaveLength(1)
    expect(comment + JSON.stringify(github.checkRuns)).not.toContain(SECRET)
  })

  test('says that nothing could be verified, and why, when the run threw', async () => {
    await post(new ComebackError('connection', `No server at ${SECRET}.`, { hint: 'Start it.' }))
    const [comment = ''] = github.comments(PULL)
    expect(comment).toContain('## ⚠️ Proof: could not be verified\n')
    expect(comment).toContain('Start it.')
    expect(comment).not.toMatch(/[✓✅]/u)
    expect(comment).not.toContain(SECRET)
    expect(github.checkRuns).toMatchObject([{ conclusion: 'failure' }])
  })

  test('of a run that follows another is written to the pull request that this one was of', async () => {
    const run = { head_branch: 'fix #1&state=all', head_sha: HEAD, event: 'pull_request', pull_requests: [] }
    const event = { workflow_run: { ...run, head_repository: { full_name: 'mallory/app' } } }
    github.openPullRequest({ number: 6, branch: run.head_branch, sha: 'c'.repeat(40), fork: 'mallory/app' })
    github.openPullRequest({ number: PULL, branch: run.head_branch, sha: HEAD, fork: 'mallory/app' })
    github.openPullRequest({ number: 8, branch: 'main', sha: HEAD })
    expect(await post(reportOf([recorded], { kind: 'recorded' }), { event })).toBe('')
    expect(github.comments(PULL)).toEqual([expect.stringContaining('Nothing was restored now')])
    expect([...github.comments(6), ...github.comments(8)]).toEqual([])
  })

  test.each([
    ['a schedule', { schedule: '17 2 * * *' }],
    ['a run that follows a backup', { workflow_run: { head_sha: HEAD, event: 'schedule', head_branch: 'main' } }],
    ['an event that cannot be read', []],
  ])('is not written after %s', async (_, event) => {
    expect(await post(reportOf([verified]), { event })).toBe('')
    expect(github.requests.filter(line => line.includes('/issues/'))).toEqual([])
    expect(github.checkRuns).toHaveLength(1)
  })

  test('is not written by a run that was cancelled, as a newer one has the word', async () => {
    await post(new ComebackError('cancelled', 'The run was cancelled.'))
    await post(reportOf([verified]), { signal: AbortSignal.abort(new Error('stop')) })
    expect(github.requests).toEqual([])
  })
})

describe('the check', () => {
  test.each([
    [reportOf([verified]), 'success', '✅ Proof: database verified'],
    [reportOf([failed]), 'failure', '❌ Proof: database failed'],
    // Neutral would let a pull request pass of which nothing was verified.
    [reportOf([unverified]), 'failure', '⚠️ Proof: files could not be verified'],
  ])('concludes so that only what is verified passes (%#)', async (report, conclusion, title) => {
    await post(report)
    expect(github.checkRuns).toMatchObject([
      { head_sha: HEAD, status: 'completed', conclusion, name: 'Comeback proof', output: { title } },
    ])
  })

  test('is of the commit of the run where there is no pull request', async () => {
    const run = github.newRun({})
    await post(reportOf([verified]), { run, event: {}, inputs: { component: 'files database' } })
    expect(github.checkRuns).toMatchObject([{ head_sha: run.sha, name: 'Comeback proof: database, files' }])
  })

  test('is not made of a proof that was recorded before: nothing was looked at of this commit', async () => {
    await post(reportOf([recorded], { kind: 'recorded' }))
    expect(github.checkRuns).toEqual([])
    expect(github.comments(PULL)).toHaveLength(1)
  })

  test('annotates the assertion that does not hold, and else the workflow', async () => {
    mkdirSync(join(folder, 'checks'))
    writeFileSync(join(folder, 'checks', 'no orphans.sql'), 'SELECT true')
    const code = 'assertion-failed' as const
    const findings = [
      ...failed.findings,
      { code, subject: 'no orphans', message: 'It returned 3 rows.', hint: 'Look.' },
      { code, subject: '../../etc/passwd', message: 'It returned 3 rows.' },
    ]
    await post(reportOf([{ ...failed, findings }]), { inputs: { assertions: 'checks' } })
    const workflow = { path: '.github/workflows/backup.yml', start_line: 1, end_line: 1 }
    expect(github.checkRuns[0]?.annotations).toMatchObject([
      { ...workflow, annotation_level: 'failure', title: 'Comeback: database, rows-differ' },
      { ...workflow, annotation_level: 'failure' },
      { ...workflow, annotation_level: 'notice' },
      { path: 'checks/no orphans.sql', annotation_level: 'failure', message: 'no orphans: It returned 3 rows.\nLook.' },
      workflow,
    ])
  })

  test('gets its annotations by fifties', async () => {
    const findings = Array.from({ length: 120 }, (_, index) => ({
      code: 'rows-differ' as const,
      subject: `t${index}`,
      message: 'differs',
    }))
    await post(reportOf([{ ...failed, findings }]))
    expect(github.checkRuns[0]?.annotations).toHaveLength(120)
    expect(github.requests.filter(line => line.includes('check-runs'))).toHaveLength(3)
  })
})

describe('what GitHub refuses', () => {
  test('is a warning that names the right that is missing, each for itself', async () => {
    await withGitHub({ mayWrite: ['checks'] })
    expect(await post(reportOf([verified]))).toMatch(/^::warning .*pull-requests: write/)
    expect(github.checkRuns).toHaveLength(1)
    await withGitHub({ mayWrite: ['pull-requests'] })
    expect(await post(reportOf([verified]))).toMatch(/^::warning .*"checks: write" under permissions/)
    expect(github.comments(PULL)).toHaveLength(1)
  })

  test('of a fork is only told, as nobody can put it right', async () => {
    await withGitHub({ mayWrite: [] })
    const said = await post(reportOf([verified]), { event: pullEvent('mallory/app') })
    expect(said).toMatch(/^::notice .*forks/)
    expect(said).not.toContain('::warning')
  })

  test('is a warning for a token that is not valid, or that is not there', async () => {
    expect(await post(reportOf([verified]), { inputs: { 'github-token': 'wrong' } })).toContain(
      'does not accept the token',
    )
    expect(
      await post(reportOf([verified]), { inputs: { 'github-token': '' }, environment: { GITHUB_TOKEN: '' } }),
    ).toContain('there is no github-token')
  })

  test('is tried again if it may pass, and given up in the end', async () => {
    github.fault({ match: COMMENTS, status: 502 })
    github.fault({ match: /check-runs/, status: 429, headers: { 'retry-after': '0' } })
    expect(await post(reportOf([verified]))).toBe('')
    expect(github.comments(PULL)).toHaveLength(1)
    github.fault({ match: COMMENTS, status: 502, times: 9 })
    expect(await post(reportOf([verified]))).toMatch(/^::warning .*Could not write the comment/)
  })
})
