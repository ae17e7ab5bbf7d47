/** The environment variables of a backup against those of the present environment. */
import { patchOfTexts } from './compare.ts'
import { formatEnvironment, type Variables } from './environment.ts'
import { ENVIRONMENT_REVIEW } from './layout.ts'

export type VariableState = 'equal' | 'different' | 'missing'

export interface VariablesComparison {
  readonly backedUp: Variables
  /** Of those that are in the backup, in its order. */
  readonly states: ReadonlyMap<string, VariableState>
  /** Set now under a pattern of the backup, and not in it: names. */
  readonly added: readonly string[]
}

/** `now` holds what the patterns of the backup name in the present environment. */
export function compareVariables(
  backedUp: Variables,
  environment: Readonly<Record<string, string | undefined>>,
  now: Variables,
): VariablesComparison {
  const states = new Map<string, VariableState>()
  for (const [name, value] of backedUp) {
    const current = environment[name]
    states.set(name, current === undefined ? 'missing' : current === value ? 'equal' : 'different')
  }
  return { backedUp, states, added: [...now.keys()].filter(name => !backedUp.has(name)) }
}

const STATES = {
  equal: 'equal to the present environment',
  different: 'differs from the present environment',
  missing: 'missing from the present environment',
} as const

/**
 * The file of variables for review. Without values every line of it is a comment: a shell that reads it must not set
 * variables to nothing.
 */
export function reviewText({ backedUp, states, added }: VariablesComparison, showValues: boolean): string {
  const head = showValues
    ? ['# The environment variables of the backup, with their values: keep this file to yourself.']
    : [
        '# The environment variables of the backup. Their values are left out;',
        '# restored on a terminal with --show-values, they stand here.',
      ]
  const lines = [...states].flatMap(([name, state]) =>
    showValues
      ? ['', `# ${name} ${STATES[state]}`, formatEnvironment(new Map([[name, backedUp.get(name) ?? '']])).trimEnd()]
      : [`# ${name} ${STATES[state]}`],
  )
  const more = added.length === 0 ? [] : ['', '# Set now, and not in the backup:', ...added.map(name => `# ${name}`)]
  return `${[...head, ...(showValues ? [] : ['']), ...lines, ...more].join('\n')}\n`
}

/** For the diff: with values only where they may be shown, by name otherwise. */
export function variablesPatch(
  { backedUp, states, added }: VariablesComparison,
  environment: Readonly<Record<string, string | undefined>>,
  showValues: boolean,
): string {
  const differing = [...states].filter(([, state]) => state !== 'equal').map(([name]) => name)
  if (differing.length + added.length === 0) return ''
  if (!showValues) return [...differing, ...added].map(name => `Variables a/${name} and b/${name} differ\n`).join('')
  const names = [...[...states].filter(([, state]) => state !== 'missing').map(([name]) => name), ...added].sort()
  const now = new Map(names.map(name => [name, environment[name] ?? '']))
  return patchOfTexts(ENVIRONMENT_REVIEW, formatEnvironment(now), formatEnvironment(backedUp))
}
