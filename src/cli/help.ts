/** The help pages, from the tables of verbs and options. Nothing is wider than a terminal of 80 columns. */
import { kebab, OPTIONS, type OptionName, optionsOf, VERBS, type Verb, variablesOf } from '../options.ts'
import { usage } from '../options-table.ts'
import type { Palette } from '../report/palette.ts'
import { wrapped } from '../report/wrap.ts'
import { VERB_HELP } from './verbs.ts'

const WIDTH = 80
/** Column at which explanations begin. */
const COLUMN = 29

export function mainHelp({ bold }: Palette): string {
  return page([
    [
      `${bold('Comeback')}: backups that come back.`,
      ...wrapped(
        'Backs up a PostgreSQL database, files and configuration, encrypted with a key that only you hold, and brings back any date. It needs no pg_dump, no psql and no server of its own.',
        WIDTH,
        0,
      ),
    ],
    [bold('Usage'), '  comeback VERB [...] [OPTIONS]'],
    [bold('Verbs'), ...[...VERBS, 'help' as const].flatMap(verb => entry(verb, summaryOf(verb), 11))],
    [
      bold('Examples'),
      '  comeback backup database',
      '  comeback list',
      '  comeback restore database latest --target-url postgresql://localhost/copy',
    ],
    [
      bold('Environment'),
      ...entry('DATABASE_URL', 'The database to back up, and to restore into.'),
      ...entry('COMEBACK_KEY', 'The key itself. Without it, the key file is read.'),
      ...entry(
        'COMEBACK_...',
        `Each option: --store is ${variablesOf('store')[0]}, --key-file ${variablesOf('keyFile')[0]}. A flag goes first. Lists have one value a line.`,
      ),
      ...entry('COMEBACK_DEBUG=1', 'Show the causes of an error.'),
      ...entry('NO_COLOR=1', 'No colours.'),
    ],
    ['comeback help VERB shows what a verb takes, comeback --version the version.'],
  ])
}

export function verbHelp(verb: Verb, { bold }: Palette): string {
  const { operands, about, examples } = VERB_HELP[verb]
  return page([
    [`${bold(`comeback ${verb}`)} ${operands}`],
    ...about.map(text => wrapped(text, WIDTH, 0)),
    [bold('Examples'), ...examples.map(example => `  ${example}`)],
    [bold('Options'), ...optionsOf(verb).flatMap(name => entry(usage(name), explanation(name)))],
    wrapped(
      `Each option is an environment variable, too: --${kebab('keyFile')} is ${variablesOf('keyFile')[0]}.`,
      WIDTH,
      0,
    ),
  ])
}

function summaryOf(verb: Verb | 'help'): string {
  return verb === 'help' ? 'Show this page, or what a verb takes.' : VERB_HELP[verb].summary
}

function explanation(name: OptionName): string {
  const spec = OPTIONS[name]
  const also = spec.alsoFrom === undefined ? '' : ` Usually ${spec.alsoFrom.join(' or ')}.`
  const standard = 'default' in spec && spec.default !== undefined ? ` [${spec.default}]` : ''
  return `${spec.help}${also}${standard}`
}

/** A term and its explanation beside it, or below it if the term is too wide. */
function entry(term: string, text: string, column = COLUMN): readonly string[] {
  // The first line is as wide as the others: it begins in the same column.
  const explained = wrapped(' '.repeat(column) + text, WIDTH, column)
  const [first = '', ...rest] = explained
  if (term.length + 4 > column) return [`  ${term}`, ...explained]
  return [`  ${term}`.padEnd(column) + first.trimStart(), ...rest]
}

function page(blocks: readonly (readonly string[])[]): string {
  return `${blocks.map(block => block.join('\n')).join('\n\n')}\n`
}
