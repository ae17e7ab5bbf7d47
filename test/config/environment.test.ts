import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formatEnvironment, parseEnvironment, selectVariables } from '../../src/config/environment.ts'
import { run } from '../files/tree.ts'

const ENVIRONMENT = { SMTP_HOST: 'mail', SMTP_PASSWORD: 'secret', HOME: '/home/me', smtp_lower: 'x', UNSET: undefined }

describe('variables are selected', () => {
  test.each<[patterns: readonly string[], names: readonly string[]]>([
    [['HOME'], ['HOME']],
    [['SMTP_*'], ['SMTP_HOST', 'SMTP_PASSWORD']],
    [
      ['*_PASSWORD', 'SMTP_*', 'HOME'],
      ['HOME', 'SMTP_HOST', 'SMTP_PASSWORD'],
    ],
    [['UNSET'], []],
    [[], []],
  ])('by %j', (patterns, names) => {
    expect([...selectVariables(patterns, ENVIRONMENT).variables.keys()]).toEqual(names)
  })

  it('and patterns that name none that is set are told', () => {
    expect(selectVariables(['HOME', 'UNSET', 'X_*'], ENVIRONMENT).unmatched).toEqual(['UNSET', 'X_*'])
  })

  it('but never the key', () => {
    const environment = { COMEBACK_KEY: 'key', INPUT_KEY: 'key', COMEBACK_STORE: 'file:x' }
    expect([...selectVariables(['*'], environment).variables.keys()]).toEqual(['COMEBACK_STORE'])
    expect(() => selectVariables(['COMEBACK_KEY'], environment)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  it('but none whose name no shell can set, which is told', () => {
    const selected = selectVariables(['*'], { 'a.b': '1', '1A': '2', 'A B': '3', A: '4' })
    expect([...selected.variables.keys()]).toEqual(['A'])
    expect(selected.unnameable).toEqual(['a.b', '1A', 'A B'])
  })
})

const VALUES = [
  "it's",
  '',
  'a\nb\n',
  '$(touch /tmp/evil) `x` $HOME \\',
  '"double"',
  "'",
  "''\\''",
  'größe 😀',
  ' # x=y ',
]

it.each(VALUES)('the value %j comes back, parsed and through a shell', async value => {
  const text = formatEnvironment(new Map([['A_VALUE', value]]))
  expect(parseEnvironment(text)).toEqual(new Map([['A_VALUE', value]]))
  const { stdout } = await run('sh', ['-c', `${text}printf %s "$A_VALUE"`])
  expect(stdout).toBe(value)
})

it('any variables come back', () => {
  const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/)
  const values = fc.string({ unit: fc.constantFrom("'", '\\', '\n', '=', '"', '$', 'a', 'é', ' ') })
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values)), pairs => {
      const variables = new Map(pairs)
      expect(parseEnvironment(formatEnvironment(variables))).toEqual(variables)
    }),
  )
})

test.each(['A=1\n', "A='1'", "A='1\n", "A='1'; rm -rf /\n", "1='1'\n", "A='1''2'\n", 'x'])('%j is damaged', text => {
  expect(() => parseEnvironment(text)).toThrow(expect.objectContaining({ code: 'damaged' }))
})
