/** What an event says of a pull request: who wrote it counts, whoever started the run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventFacts } from '../../src/action/event.ts'

const SHA = 'c'.repeat(40)

function facts(event: object, actor = 'octocat') {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-event-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'event.json')
  writeFileSync(file, JSON.stringify(event))
  return eventFacts({ GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: 'acme/app', GITHUB_ACTOR: actor })
}

test.each([
  ['octocat', 'octocat', 'acme/app', false],
  ['octocat', 'mallory', 'mallory/app', true],
  ['dependabot[bot]', 'dependabot[bot]', 'acme/app', true],
  ['octocat', 'dependabot[bot]', 'acme/app', true],
  ['dependabot[bot]', 'octocat', 'acme/app', true],
] as const)('started by %s, opened by %s in %s: foreign is %s', (actor, login, full_name, readOnly) => {
  const pull = { number: 7, head: { sha: SHA, repo: { full_name } }, user: { login } }
  expect(facts({ pull_request: pull }, actor)).toEqual({ pull: 7, sha: SHA, readOnly })
})
