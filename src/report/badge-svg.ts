/** A flat badge as SVG: a label and a message side by side, readable on light and dark pages, and by screen readers. */

export type Colour = 'green' | 'red' | 'amber' | 'grey'

/** White text has a contrast of 4.5 and more on each of them. */
const FILLS: Readonly<Record<Colour, string>> = { green: '#1a7f37', red: '#cf222e', amber: '#9a6700', grey: '#6e7781' }
const LABEL_FILL = '#24292f'
/** Pixels. */
const HEIGHT = 20
const PADDING = 6
const BASELINE = 14
const SIZE = 11
/** Pixels of a character in Verdana of that size; `textLength` makes any other font keep to it. */
const WIDTHS: readonly (readonly [characters: string, width: number])[] = [
  ["ijl,.|:' ", 3.6],
  ['frt-()I/', 4.7],
  ['acegkosvxyz', 6.2],
  ['bdhnpqu0123456789', 7],
  ['ABCDEFGHJKLNOPQRSTUVXYZ', 7.8],
  ['mw', 9.8],
  ['MW', 10.2],
]
const USUAL = 7

/** Ends in a line break. */
export function badgeSvg(label: string, message: string, colour: Colour): string {
  const left = widthOf(label) + 2 * PADDING
  const right = widthOf(message) + 2 * PADDING
  const name = escaped(`${label}: ${message}`)
  const text = (words: string, at: number, width: number) =>
    `    <text x="${at + PADDING}" y="${BASELINE}" textLength="${width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${escaped(words)}</text>`
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" viewBox="0 0 ${left + right} ${HEIGHT}" role="img" aria-label="${name}">`,
    `  <title>${name}</title>`,
    `  <clipPath id="corners"><rect width="${left + right}" height="${HEIGHT}" rx="3"/></clipPath>`,
    '  <g clip-path="url(#corners)">',
    `    <rect width="${left}" height="${HEIGHT}" fill="${LABEL_FILL}"/>`,
    `    <rect x="${left}" width="${right}" height="${HEIGHT}" fill="${FILLS[colour]}"/>`,
    '  </g>',
    // On a dark page the label would have no edge.
    `  <rect x=".5" y=".5" width="${left + right - 1}" height="${HEIGHT - 1}" rx="2.5" fill="none" stroke="#8b949e" stroke-opacity=".5"/>`,
    `  <g fill="#fff" font-family="Verdana,Geneva,'DejaVu Sans',sans-serif" font-size="${SIZE}">`,
    text(label, 0, left),
    text(message, left, right),
    '  </g>',
    '</svg>',
  ].join('\n')}\n`
}

function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += WIDTHS.find(([characters]) => characters.includes(character))?.[1] ?? USUAL
  return Math.round(width)
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`)
}
