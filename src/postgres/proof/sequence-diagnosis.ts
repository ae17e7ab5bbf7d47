/** Which sequences are not as they were backed up: found in the statements that would set them, whoever wrote these. */
import type { ProofFinding } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import { displayName } from '../sql-text.ts'

/** As `dump/sequences.ts` writes them, and pg_dump, which quotes fewer names. */
const SETVAL = /^SELECT pg_catalog\.setval\((E?)'(.*)', (-?\d+), (true|false)\);$/
const NAMED = new RegExp(`^${QUALIFIED_NAME}$`)
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' }

/** `increments` by display name: which way a sequence goes decides what is behind. */
export function diagnoseSequences(
  stored: string,
  restored: string,
  increments: ReadonlyMap<string, bigint>,
): readonly ProofFinding[] {
  const [before, after] = [sequencesOf(stored), sequencesOf(restored)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old?.value === now?.value && old?.called === now?.called) return []
    const how = howItDiffers(old, now, increments.get(name) ?? 1n)
    return [{ code: 'sequence-differs', subject: `sequence ${name}`, message: `The sequence ${name} ${how}.` } as const]
  })
}

export async function incrementsOf(connection: Connection): Promise<ReadonlyMap<string, bigint>> {
  const rows = await connection.query<Relation & { increment: string }>(`
    SELECT n.nspname AS schema, c.relname AS name, s.seqincrement::text AS increment
      FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`)
  return new Map(rows.map(row => [displayName(row), BigInt(row.increment)]))
}

interface SequenceState {
  readonly value: bigint
  readonly called: boolean
}

function howItDiffers(old: SequenceState | undefined, now: SequenceState | undefined, increment: bigint): string {
  if (now === undefined) return 'did not come back'
  if (old === undefined) return 'was not backed up'
  const next = ({ value, called }: SequenceState) => value + (called ? increment : 0n)
  const ahead = (next(now) - next(old)) * (increment < 0n ? -1n : 1n)
  if (ahead < 0n) return 'is behind: it would give numbers again that were used'
  return ahead > 0n ? 'is ahead of where it was backed up' : 'is not where it was backed up'
}

function sequencesOf(script: string): ReadonlyMap<string, SequenceState> {
  const found = new Map<string, SequenceState>()
  for (const line of script.split('\n')) {
    const [, escaped, literal, value, called] = SETVAL.exec(line) ?? []
    if (literal === undefined || value === undefined) continue
    found.set(nameIn(literal, escaped === 'E'), { value: BigInt(value), called: called === 'true' })
  }
  return found
}

function nameIn(literal: string, isEscaped: boolean): string {
  const plain = literal.replaceAll("''", "'")
  const text = isEscaped ? plain.replaceAll(/\\[\\nr]/g, found => ESCAPES[found] ?? found) : plain
  const [, schema, name] = NAMED.exec(text) ?? []
  return schema === undefined || name === undefined
    ? JSON.stringify(text)
    : displayName({ schema: unquoted(schema), name: unquoted(name) })
}
