/**
 * Records that are read before anyone can say who wrote them: manifests and proofs. What is in them is kept from costing much
 * more than their size does, and from being printed at length.
 */
import * as v from 'valibot'

/** Braces and brackets one in another; a record of ours has four. Parsing much deeper ones takes many times their size in memory. */
const DEPTH = 16
/** Characters of what is said about a record, or of a text in one. */
const SAID = 200

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const BRACKETS = { open: 0x5b, close: 0x5d }
const BRACES = { open: 0x7b, close: 0x7d }

/** Throws an Error for what is no JSON in UTF-8, or is nested deeper than any record. */
export function parseRecordText(bytes: Uint8Array): unknown {
  checkDepth(bytes)
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
}

/**
 * Whether the value holds every member that the text has: none twice, of which a reader takes one and another the other, and none
 * by a name such as `__proto__`, which a schema passes over. What is not in the value no MAC covers.
 */
export function holdsAllOf(bytes: Uint8Array, value: unknown): boolean {
  let members = 0
  outsideOfStrings(bytes, byte => {
    if (byte === COLON) members++
  })
  return members === membersOf(value)
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  return inner.reduce<number>((sum, item) => sum + membersOf(item), Array.isArray(value) ? 0 : inner.length)
}

/** A text that somebody else chose, for a message. */
export function shortened(text: string): string {
  return text.length <= SAID ? text : `${text.slice(0, SAID)}...`
}

/** What is wrong, and where: both may quote the record. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `at "${shortened(v.getDotPath(issue) ?? '')}": ${shortened(issue.message)}`
}

function checkDepth(bytes: Uint8Array): void {
  let depth = 0
  outsideOfStrings(bytes, byte => {
    if (byte === BRACKETS.open || byte === BRACES.open) {
      if (++depth > DEPTH) throw new Error(`It is nested deeper than ${DEPTH}.`)
    } else if (byte === BRACKETS.close || byte === BRACES.close) depth--
  })
}

function outsideOfStrings(bytes: Uint8Array, look: (byte: number) => void): void {
  let quoted = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (quoted) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else look(byte)
  }
}
