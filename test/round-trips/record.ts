/** What the round trips came to, kept for the table in `docs/`: one file a server, below `.vitest/`. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Outcomes, Role } from './round-trip.ts'

const FOLDER = resolve(import.meta.dirname, '../../.vitest/round-trips')

export interface RoundTripRecord {
  /** `PostgreSQL 15.20 (Debian 15.20-0+deb12u1)`. */
  readonly server: string
  /** As each backup says it. */
  readonly client: string
  readonly trips: readonly { readonly input: string; readonly role: Role; readonly outcomes: Outcomes }[]
}

export function keepRecord(name: string, record: RoundTripRecord): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${name.replaceAll(/\W+/g, '-')}.json`), JSON.stringify(record, undefined, 2))
}

export function records(): readonly RoundTripRecord[] {
  return globSync('*.json', { cwd: FOLDER })
    .toSorted()
    .map(file => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
}
