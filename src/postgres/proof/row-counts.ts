/** Numbers of rows beside those of the proof before: what was lost before the backup was made, no comparison with it can tell. */
import type { ProofContext } from '../../engine/ports.ts'
import type { ProofFinding, ProvenTable } from '../../engine/proof.ts'

export function withBefore(
  tables: readonly ProvenTable[],
  { before }: Pick<ProofContext, 'before'>,
): readonly ProvenTable[] {
  const last = new Map(before?.tables.map(({ name, rows }) => [name, rows]))
  return tables.map(table => {
    const rows = last.get(table.name)
    return rows === undefined ? table : { ...table, before: rows }
  })
}

/** A table that lost half of its rows is worth a look, even if every one that was backed up came back. */
export function shrunk(tables: readonly ProvenTable[]): readonly ProofFinding[] {
  return tables.flatMap(({ name, rows, before = 0 }) => {
    if (before === 0 || rows * 2 > before) return []
    const percent = Math.round(((before - rows) / before) * 100)
    const message = `${name} has ${percent} % fewer rows than at the last proof.`
    return [
      { code: 'table-shrank', subject: name, message, hint: 'If nobody removed them on purpose, look for the day.' },
    ]
  })
}
