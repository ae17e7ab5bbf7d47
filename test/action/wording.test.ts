import { expect, test } from 'vitest'
import { inputsInsteadOfFlags } from '../../src/action/wording.ts'

test.each([
  ['Use --mode atomic to replace all of it.', 'Use mode: atomic to replace all of it.'],
  ['Name a new one with --into DIR.', 'Name a new one with into: DIR.'],
  ['Run it again with --full, which leans on nothing.', 'Run it again with full: true, which leans on nothing.'],
  ['Ask for fewer --lanes, or raise max_connections.', 'Ask for fewer lanes, or raise max_connections.'],
  ['DATABASE_URL (or --database-url)', 'DATABASE_URL (or database-url)'],
  ['The run was stopped: --timeout of 2 h was reached.', 'The run was stopped: timeout of 2 h was reached.'],
  // What is no option of ours, or belongs to a terminal.
  ['pg_dump --snapshot failed', 'pg_dump --snapshot failed'],
  ['Run comeback prune --keep-last 3 --apply.', 'Run comeback prune --keep-last 3 --apply.'],
  ['`comeback list --json`\nGive --lanes 2.', '`comeback list --json`\nGive lanes: 2.'],
  ['a--full--b', 'a--full--b'],
])('%j reads %j in a workflow', (text, expected) => {
  expect(inputsInsteadOfFlags(text)).toBe(expected)
})
