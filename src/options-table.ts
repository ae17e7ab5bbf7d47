/** The options as a Markdown table, for the README and action.yml's documentation. */
import { kebab, OPTION_NAMES, OPTIONS, type OptionName, optionsOf, VERBS, type Verb } from './options.ts'

/** All options, or those of one verb. Ends in a line break. */
export function optionsTable(verb?: Verb): string {
  const names = verb === undefined ? OPTION_NAMES : optionsOf(verb)
  const heads = verb === undefined ? ['option', 'verbs', 'what it does'] : ['option', 'what it does']
  const rows = (verb === undefined ? families(names) : names.map(name => [name])).map(family => {
    const verbs = verb === undefined ? family.slice(0, 1).map(verbsOf) : []
    return [family.map(name => code(usage(name))).join(', '), ...verbs, family.map(meaning).join(' ')]
  })
  return [heads, heads.map(() => '---'), ...rows].map(cells => `| ${cells.map(escaped).join(' | ')} |\n`).join('')
}

/** `--lanes N`, `--mode atomic|parallel`, `--json`. */
export function usage(name: OptionName): string {
  const spec = OPTIONS[name]
  if (spec.type === 'flag') return `--${kebab(name)}`
  return `--${kebab(name)} ${spec.type === 'choice' ? spec.choices.join('|') : spec.placeholder}`
}

/** Neighbours with the same first word and the same verbs share a row: the whole table is long enough. */
function families(names: readonly OptionName[]): readonly (readonly OptionName[])[] {
  const rows: OptionName[][] = []
  for (const name of names) {
    const row = rows.at(-1)
    if (row?.[0] !== undefined && firstWord(row[0]) === firstWord(name) && verbsOf(row[0]) === verbsOf(name))
      row.push(name)
    else rows.push([name])
  }
  return rows
}

function firstWord(name: OptionName): string {
  return kebab(name).replace(/-.*/, '')
}

function meaning(name: OptionName): string {
  const spec = OPTIONS[name]
  const standard = 'default' in spec && spec.default !== undefined ? ` Default: ${code(spec.default)}.` : ''
  const others = (spec.alsoFrom ?? []).map(code).join(' or ')
  const also = others === '' ? '' : ` Also from ${others}.`
  return `${spec.help}${standard}${also}`
}

/** `backup, restore`; where most take it, those that don't are the shorter list. */
function verbsOf(name: OptionName): string {
  const { verbs } = OPTIONS[name]
  const without = VERBS.filter(verb => !verbs.includes(verb))
  if (without.length === 0) return 'all'
  return without.length < 3 ? `all but ${without.join(', ')}` : verbs.join(', ')
}

function code(text: string): string {
  return `\`${text}\``
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}
