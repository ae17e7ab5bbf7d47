/**
 * A page of a limited size. What does not fit is left out as a whole section, never in the middle of one: half a table, a fence or
 * fold that is not closed would spoil what follows. What is left out is named.
 */

export interface Section {
  /** `tables of database`, for the sentence that names what was left out; empty of what always stays. */
  readonly what: string
  readonly lines: readonly string[]
}

/** Bytes for the sentence that says what was left out. */
const RESERVE = 1_500
const NAMED = 20

/** Those that fit into so many bytes, in their order. `elsewhere` tells where the rest can be read. */
export function fittingSections(sections: readonly Section[], limit: number, elsewhere: string): readonly string[] {
  let room = limit - RESERVE - sizeOf(sections.filter(({ what }) => what === '').flatMap(({ lines }) => lines))
  const left: string[] = []
  const lines = sections.flatMap(section => {
    if (section.what === '') return section.lines
    const size = sizeOf(section.lines)
    if (size > room) {
      left.push(section.what)
      return []
    }
    room -= size
    return section.lines
  })
  if (left.length === 0) return lines
  const more = left.length - NAMED
  const names = `${left.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return [...lines, '', `*Left out, as this page would be too long: ${names}. ${elsewhere}*`, '']
}

/** As many of the lines, from the first, as fit into so many bytes. At least one. */
export function fittingLines(lines: readonly string[], limit: number): readonly string[] {
  let room = limit
  const end = lines.findIndex((line, index) => {
    room -= sizeOf([line])
    return room < 0 && index > 0
  })
  return end < 0 ? lines : lines.slice(0, end)
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
}
