import { describe, expect, test } from 'vitest'
import { parseInvocation } from '../../src/cli/commands.ts'
import { mainHelp, verbHelp } from '../../src/cli/help.ts'
import { VERB_HELP } from '../../src/cli/verbs.ts'
import { kebab, OPTION_NAMES, OPTIONS, optionsOf, VERBS } from '../../src/options.ts'
import { createPalette } from '../../src/report/palette.ts'

const plain = createPalette(false)
const pages = [mainHelp(plain), ...VERBS.map(verb => verbHelp(verb, plain))]

test('no line is wider than 80 columns', () => {
  for (const line of pages.join('').split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

test('the main page names every verb and the variables that matter', () => {
  for (const word of [...VERBS, 'DATABASE_URL', 'COMEBACK_KEY']) expect(mainHelp(plain)).toContain(`\n  ${word} `)
})

test('the main page fits a terminal without much scrolling', () => {
  expect(mainHelp(plain).split('\n').length).toBeLessThanOrEqual(44)
})

describe.each(VERBS)('the page of %s', verb => {
  const page = verbHelp(verb, plain)

  test.each(OPTION_NAMES)('shows --%s if the verb takes it, and only then', name => {
    const shown = new RegExp(`^  --${kebab(name)}( |$)`, 'm').test(page)
    expect(shown).toBe(optionsOf(verb).includes(name))
  })

  test('shows each default', () => {
    for (const name of optionsOf(verb)) {
      const spec = OPTIONS[name]
      if ('default' in spec && spec.default !== undefined) expect(page).toContain(`[${spec.default}]`)
    }
  })

  test('begins its explanations in one column', () => {
    const columns = [...page.matchAll(/^ {2}--.*? {2,}(?=\S)/gm)].map(([start]) => start.length)
    expect(new Set(columns).size).toBe(1)
  })
})

const examples = [
  ...VERBS.flatMap(verb => VERB_HELP[verb].examples),
  ...(mainHelp(plain).match(/^ {2}comeback .*$/gm) ?? []),
]

test.each(examples.filter(example => !example.includes('VERB')))('the example works: %s', example => {
  const typed = example.trim().split(/\s+/).slice(1)
  expect(
    parseInvocation(
      typed.map(word => word.replaceAll("'", '')),
      {},
    ).kind,
  ).toBe('job')
})

test('colours only mark headings, they change no text', () => {
  const coloured = mainHelp(createPalette(true))
  expect(coloured).not.toBe(mainHelp(plain))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(mainHelp(plain))
})
