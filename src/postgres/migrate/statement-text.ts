/**
 * A statement without what may come from the data: strings, dollar quotes and numbers become `?`, comments go. It may have been
 * cut, so a quote that does not end takes in all the rest.
 */

/** Characters that a report shows. */
const SHOWN = 300

/** In the order in which they are tried: what opens first hides the others. */
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<escaped>\b[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$))`,
    String.raw`(?<string>(?:\b(?:[bBxXnN]|[uU]&))?'(?:[^']|'')*(?:'|$))`,
    String.raw`(?<dollar>\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    String.raw`(?<quoted>"(?:[^"]|"")*(?:"|$))`,
    String.raw`(?<parameter>\$\d+)`,
    String.raw`(?<number>(?<![\w$\u0080-\uffff])(?:0[xXoObB][0-9a-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?))`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
  ].join('|'),
  'g',
)

export function withoutLiterals(sql: string): string {
  const text = sql
    .replace(TOKENS, (whole, ...args) => {
      const { comment, escaped, string, dollar, number } = groupsOf(args)
      if (comment !== undefined) return ' '
      return (escaped ?? string ?? dollar ?? number) === undefined ? whole : '?'
    })
    .replace(/\s+/g, ' ')
    .trim()
  // A long list of values says no more than a short one.
  const short = text
    .replace(/\?(?:\s*,\s*\?){3,}/g, '?, …, ?')
    .replace(/(\((?:\?|, |…|DEFAULT)+\))(?:, ?\((?:\?|, |…|DEFAULT)+\))+/g, '$1, …')
  return short.length > SHOWN ? `${short.slice(0, SHOWN)}…` : short
}

/** What the statement uses as names: its words and what it quotes. */
export function namesIn(sql: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const match of sql.matchAll(TOKENS)) {
    const { quoted, word } = match.groups ?? {}
    if (quoted !== undefined) names.add(quoted.replace(/^"|"$/g, '').replaceAll('""', '"'))
    if (word !== undefined) names.add(word.toLowerCase())
  }
  return names
}

function groupsOf(args: readonly unknown[]): Readonly<Record<string, string | undefined>> {
  const groups = args.at(-1)
  return typeof groups === 'object' && groups !== null ? (groups as Record<string, string | undefined>) : {}
}
