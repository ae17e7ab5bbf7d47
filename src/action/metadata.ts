/** action.yml and the README's tables of inputs and outputs, as values and text. */
import { kebab, OPTION_NAMES } from '../options.ts'
import { ACTION_VERBS, DESCRIPTIONS, INPUTS } from './input-table.ts'
import { OUTPUTS } from './outputs.ts'

/** The marketplace takes 124 characters. */
const DESCRIPTION =
  'Encrypted, deduplicated backups of PostgreSQL, files and configuration to artifacts or a bucket, and back at any date.'

/** What action.yml says. No input has a default but the token: GitHub hands a default on as if somebody had given it. */
export function actionMetadata() {
  return {
    name: 'Comeback',
    author: 'Comeback',
    description: DESCRIPTION,
    branding: { icon: 'rotate-ccw', color: 'green' },
    inputs: Object.fromEntries(
      INPUTS.map(({ name, description, filledIn }) => [
        name,
        { description, required: false, ...(filledIn === undefined ? {} : { default: filledIn }) },
      ]),
    ),
    outputs: Object.fromEntries(Object.entries(OUTPUTS).map(([name, description]) => [name, { description }])),
    runs: { using: 'node24', main: 'dist/action/index.js' },
  }
}

/**
 * The inputs that are not simply an option of the same name, for a page that has the options' table, too; and the options that
 * are no inputs. Ends in a line break.
 */
export function inputsTable(): string {
  const own = INPUTS.filter(({ option }) => option === undefined || option in DESCRIPTIONS)
  const rows = own.map(({ name, verbs, description }) => [
    code(name),
    verbs.length === ACTION_VERBS.length ? 'all' : verbs.join(', '),
    description,
  ])
  const missing = OPTION_NAMES.filter(name => !INPUTS.some(({ option }) => option === name)).map(kebab)
  const inputs = table(['input', 'commands', 'what it is'], rows)
  return `${inputs}\nThe other options are inputs as they are, but for ${missing.map(code).join(', ')}.\n`
}

/** Ends in a line break. */
export function outputsTable(): string {
  return table(
    ['output', 'what it is'],
    Object.entries(OUTPUTS).map(([name, description]) => [code(name), description]),
  )
}

function code(name: string): string {
  return `\`${name}\``
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('')
}
