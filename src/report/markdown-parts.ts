/** The few shapes that every summary is made of. Their texts come in escaped. */

export interface MarkdownColumn {
  readonly head: string
  readonly right?: true
}

/** Rows beyond these are counted, not shown. */
const ROWS = 100

/** A table between two empty lines. */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const more = rows.length - ROWS
  return [
    '',
    line(columns.map(({ head }) => head)),
    line(columns.map(({ right }) => (right ? '---:' : '---'))),
    ...rows.slice(0, ROWS).map(line),
    '',
    ...(more > 0 ? [`… and ${more.toLocaleString('en')} more.`, ''] : []),
  ]
}

/** What only some readers want to see. */
export function folded(title: string, lines: readonly string[], open = false): readonly string[] {
  return ['', `<details${open ? ' open' : ''}><summary>${title}</summary>`, '', ...lines, '', '</details>', '']
}

/** GitHub's coloured boxes. */
export function alert(kind: 'CAUTION' | 'WARNING' | 'NOTE', lines: readonly string[]): readonly string[] {
  return ['', `> [!${kind}]`, ...lines.map(line => (line === '' ? '>' : `> ${line}`)), '']
}

/** `- **Kept until:** 2026-12-23`, one a line. */
export function facts(pairs: readonly (readonly [name: string, value: string] | undefined)[]): readonly string[] {
  return pairs.flatMap(pair => (pair === undefined ? [] : [`- **${pair[0]}:** ${pair[1]}`]))
}

/** `- **Does it restore?** Yes.`, one a line. */
export function questions(
  pairs: readonly (readonly [question: string, answer: string] | undefined)[],
): readonly string[] {
  return pairs.flatMap(pair => (pair === undefined ? [] : [`- **${pair[0]}** ${pair[1]}`]))
}
