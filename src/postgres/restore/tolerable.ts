/**
 * What a server says when it is the object that is at fault: the statement cannot be carried out with these rows, in this database,
 * by this role. A closed set, since anything else (a lost connection, a full disk, locks, a cancelled statement, damage) would befall
 * the next object, too.
 */
import type pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { databaseErrorIn } from '../connection/safe-message.ts'

const CLASSES: readonly string[] = [
  // Of the server: no data, FDW's connections (a lost one of our own is no ERROR), unsupported, roles, cases, cardinality, values,
  // integrity, dependencies, functions of SQL and others, names, views' checks, syntax and rights, limits, FDW, PL/pgSQL.
  ...['02', '08', '0A', '0L', '0P', '20', '21', '22', '23', '2B', '2F', '38', '39', '3D', '3F', '42', '44', '54'],
  ...['HV', 'P0'],
]
const STATES: readonly string[] = [
  // object_not_in_prerequisite_state, unsafe_new_enum_value_usage, undefined_file, duplicate_file
  '55000',
  '55P04',
  '58P01',
  '58P02',
  // internal_error: what extensions raise that give no code of their own.
  'XX000',
]
/** Classes that the server itself uses; any other is raised by people's own functions. */
const OF_SERVER = /^(?:0[0-9A-Z]|2[0-9A-Z]|3[0-9A-Z]|4[024]|5[3-8]|72|F0|HV|P0|XX)/

const NO_CHANGE = 'Nothing was changed.'
const WAY_OUT =
  'Nothing was changed. With --tolerate all rows are restored, and what cannot be made is left out and listed, with the statement that makes it later.'

export function isTolerable(error: unknown): boolean {
  const said = databaseErrorIn(error)
  if (said === undefined || !isError(said)) return false
  const state = said.code ?? ''
  return (
    /^[0-9A-Z]{5}$/.test(state) &&
    (!OF_SERVER.test(state) || CLASSES.includes(state.slice(0, 2)) || STATES.includes(state))
  )
}

/** Also says how to restore in spite of it, where that is so. */
export function withWayOut(error: unknown): unknown {
  if (!(error instanceof ComebackError) || !isTolerable(error)) return error
  const { code, message, hint } = error
  return new ComebackError(code, message, {
    hint: hint === undefined || hint === NO_CHANGE ? WAY_OUT : `${hint} ${WAY_OUT}`,
    cause: error.cause,
  })
}

/** After anything worse the server hangs up. */
function isError({ severity }: pg.DatabaseError): boolean {
  return severity !== 'FATAL' && severity !== 'PANIC'
}
