/** Which constraints were not validated when they were backed up: pg_dump adds such a one by a statement that says so. */
import type { StoredBackup } from '../../engine/ports.ts'
import { parseSegmentDetail, type Relation } from '../detail.ts'
import { statementsOf } from '../schema/entries.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'

const NOT_VALID = 'NOT VALID'
const ADDED = new RegExp(
  String.raw`^ALTER (?:FOREIGN )?TABLE (?:IF EXISTS )?(?:ONLY )?${QUALIFIED_NAME}\s+ADD CONSTRAINT ${NAME} .*${NOT_VALID}$`,
  's',
)

/** Their names, by `constraintKey`. */
export async function unvalidated(backup: StoredBackup, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const keys = new Set<string>()
  for (const segment of backup.segments) {
    const detail = parseSegmentDetail(segment.detail)
    if (detail.kind !== 'schema') continue
    const parts: Uint8Array[] = []
    for await (const part of backup.read(segment, signal)) parts.push(Buffer.from(part))
    const text = Buffer.concat(parts)
    if (!text.includes(NOT_VALID)) continue
    for (const entry of detail.entries.filter(({ type }) => type.endsWith('CONSTRAINT'))) {
      for (const sql of statementsOf(text, entry)) {
        const [, schema = '', table = '', name = ''] = ADDED.exec(sql) ?? []
        if (name !== '') keys.add(constraintKey({ schema: unquoted(schema), name: unquoted(table) }, unquoted(name)))
      }
    }
  }
  return keys
}

export function constraintKey({ schema, name }: Relation, constraint: string): string {
  return JSON.stringify([schema, name, constraint])
}
