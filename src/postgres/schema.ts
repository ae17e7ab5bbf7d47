/** pg_dump's SQL text as entries: cut along its own header comments, by the lexer, so that text in strings never cuts. */
import { ComebackError } from '../errors.ts'
import type { SchemaEntry } from './detail.ts'

/** The type of the first entry: the settings with which every dump begins. It has no name, schema or owner. */
export const PREAMBLE = 'PREAMBLE'

/** Contiguous entries that cover the text from its first byte to its last. */
export function cutEntries(_text: Buffer): SchemaEntry[] {
  throw new ComebackError('unsupported', 'Not built yet.')
}

/** An entry's statements in order, each without its closing semicolon and without comments around it. */
export function statementsOf(_text: Buffer, _entry: SchemaEntry): string[] {
  throw new ComebackError('unsupported', 'Not built yet.')
}
