import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ACTION_YML, actionYml } from '../scripts/action-yml.ts'
import { ACTION_VERBS, INPUTS } from '../src/action/input-table.ts'
import { OUTPUTS } from '../src/action/outputs.ts'
import { kebab, optionsOf } from '../src/options.ts'

const text = readFileSync(ACTION_YML, 'utf8')
const action = parse(text)

test('action.yml is what the options say (npm run readme)', () => {
  expect(text).toBe(actionYml())
})

const FLAGS_ONLY = ['json', 'quiet', 'show-values', 'kdf-iterations', 'legacy-kdf', 'migrate', 'gate-from']

test('every option of a command is an input, but for those that are about a terminal or the old scripts, or run code of others', () => {
  const used = new Set(ACTION_VERBS.flatMap(verb => optionsOf(verb)))
  const options = [...used].map(kebab).filter(name => !FLAGS_ONLY.includes(name))
  expect(Object.keys(action.inputs)).toEqual(INPUTS.map(({ name }) => name))
  expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(['command', 'component', 'at', 'key', ...options]))
  expect(Object.keys(action.outputs)).toEqual(Object.keys(OUTPUTS))
})

test('the token alone is filled in by the runner, as it would hand on every default as if it was given', () => {
  const filled = Object.entries<{ default?: string }>(action.inputs).filter(([, input]) => input.default !== undefined)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
  expect(filled.map(([name, input]) => [name, input.default])).toEqual([['github-token', '${{ github.token }}']])
})

test('no description speaks of flags', () => {
  for (const [name, { description }] of Object.entries<{ description: string }>(action.inputs)) {
    expect(description, name).not.toMatch(/(^|\s)--\w/)
  }
})

test('the description fits into the marketplace', () => {
  expect(action.description.length).toBeLessThan(125)
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/action/index.js' })
})
