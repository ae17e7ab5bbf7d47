/** Which tables are looked at once more, and what the whole of them comes to. */
import type { ProofFinding, ProvenTable } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import type { DatabaseDetail, Relation } from '../detail.ts'
import type { Table } from '../dump/plan.ts'
import { listTables } from '../dump/tables.ts'
import { displayName } from '../sql-text.ts'
import { attempt, endsSearch, type Looking, notLookedFor } from './looking.ts'
import type { RowsSegment } from './row-cuts.ts'
import { diagnoseRows } from './row-diagnosis.ts'

export async function findRows(looking: Looking): Promise<readonly ProofFinding[]> {
  const wrong = new Map<string, Relation>()
  const add = (into: Relation) => wrong.set(displayName(into), into)
  const { segments, comparison, unread, detail } = looking
  for (const { name, detail } of segments) if (unread.has(name) || comparison.different.has(name)) add(detail.into)
  for (const { detail } of comparison.different.values()) if (detail.kind === 'rows') add(detail.into)
  if (wrong.size === 0 && !detail.schemaOnly) return []
  let tables: readonly Table[] = []
  const findings: ProofFinding[] = [
    ...(await attempt(looking, 'Looking at the tables', async connection => {
      tables = await listTables(connection)
      // There, nothing was read. A table without pages has no rows.
      if (detail.schemaOnly) for (const { rows, pages, into } of tables) if (rows === 'own' && pages !== 0) add(into)
      return []
    })),
  ]
  for (const into of wrong.values()) {
    // Without a server, or without the store, each of the others would end the same way.
    if (findings.some(endsSearch)) break
    const what = `Looking for what differs in ${displayName(into)}`
    findings.push(...(await attempt(looking, what, connection => findIn(looking, into, tables, connection))))
  }
  return findings
}

async function findIn(
  { backup, segments: all, detail: { excludedData }, connect: { signal }, absent }: Looking,
  into: Relation,
  found: readonly Table[],
  connection: Connection,
): Promise<readonly ProofFinding[]> {
  const name = displayName(into)
  if (absent?.has(name)) return [notLookedFor(name)]
  const segments = all.filter(({ detail }) => displayName(detail.into) === name)
  const ofTable = found.filter(table => displayName(table.into) === name)
  const excluded = new Set(excludedData.map(displayName))
  // The rows that an extension itself puts into its table come with it, backed up or not.
  const tables = ofTable.filter(table => table.rows === 'own' || !excluded.has(displayName(table)))
  if (ofTable.length === 0) {
    return [{ code: 'table-missing', subject: name, message: `The table ${name} did not come back.` }]
  }
  const ordered = segments.every(({ detail }) => detail.rows === 'own' && displayName(detail.table) === name)
  const finding = await diagnoseRows(backup, connection, { into, segments, tables, ordered }, signal)
  return finding === undefined ? [] : [finding]
}

/** Those without a row, too: that a table was emptied before it was backed up, only its number of rows can tell. */
export function provenTables(
  segments: readonly RowsSegment[],
  tables: readonly Table[],
  { excludedData }: DatabaseDetail,
): readonly ProvenTable[] {
  const filled = Map.groupBy(segments, ({ detail }) => displayName(detail.table))
  const excluded = new Set(excludedData.map(displayName))
  const empty = tables.map(displayName).filter(name => !filled.has(name) && !excluded.has(name))
  return [
    ...[...filled].map(([name, pieces]) => ({
      name,
      rows: pieces.reduce((sum, { rows }) => sum + rows, 0),
      bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
    ...empty.map(name => ({ name, rows: 0, bytes: 0 })),
  ].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
}

export function rowsDetail(tables: readonly ProvenTable[], { schemaOnly, excludedData }: DatabaseDetail): string {
  if (schemaOnly) return 'no rows were backed up, as the backup is of the schema alone, and no table has any'
  const count = (number: number, one: string) => `${number.toLocaleString('en')} ${one}${number === 1 ? '' : 's'}`
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const left = excludedData.length === 0 ? '' : `; the rows of ${excludedData.length} were left out of the backup`
  return `${count(rows, 'row')} of ${count(tables.length, 'table')}, byte for byte${left}`
}
