/**
 * The user's own questions to the restored database: one query a file. It passes if it returns no rows, or a single `true`; a
 * single number with a rule in a comment is a measure, which is remembered and compared with that of the last older backup
 * that was proved; unless a rule says otherwise it may fall by half. A number without any rule may be the key of the one row
 * that should not be there:
 *
 *     -- comeback: at least 1000
 *     -- comeback: at most 5000000
 *     -- comeback: may fall by 10%
 *     -- comeback: may grow by 300%
 *     -- comeback: timeout 5m
 */
import type pg from 'pg'
import type { AssertionOutcome, ProofCheck, ProofFinding } from '../../engine/proof.ts'
import { type ConnectOptions, connect } from '../connection/connection.ts'
import { isConnectionLoss } from '../connection/server-error.ts'
import { sqlStateOf } from '../connection/sql-state.ts'

/** Milliseconds for one query. */
const TIMEOUT = 60_000
/** Percent. */
const MAY_FALL = 50
const RULE = /^\s*--\s*comeback:\s*(.*?)\s*$/gim
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
/** OIDs of int8, int2, int4, float4, float8 and numeric. */
const NUMBERS: readonly number[] = [20, 21, 23, 700, 701, 1700]

export interface Assertion {
  /** The file's name without `.sql`. */
  readonly name: string
  readonly sql: string
}

export interface AssertionResults {
  readonly check: ProofCheck
  readonly outcomes: readonly AssertionOutcome[]
  readonly findings: readonly ProofFinding[]
}

interface Rules {
  readonly atLeast?: number
  readonly atMost?: number
  readonly mayFall?: number
  readonly mayGrow?: number
  readonly timeout: number
  /** A line that says nothing of the above. */
  readonly unknown?: string
}

/** Each in a transaction that may not write, so that none changes what the next one sees. */
export async function runAssertions(
  assertions: readonly Assertion[],
  target: ConnectOptions,
  before: readonly AssertionOutcome[],
): Promise<AssertionResults> {
  const outcomes: AssertionOutcome[] = []
  const findings: ProofFinding[] = []
  if (assertions.length > 0) {
    await using connection = await connect(target)
    for (const assertion of assertions) {
      const last = before.find(({ name }) => name === assertion.name)?.value
      const { finding, ...outcome } = await runOne(connection.client, assertion, last)
      outcomes.push(outcome)
      if (finding !== undefined) findings.push(finding)
    }
  }
  const count = (what: AssertionOutcome['result']) => outcomes.filter(({ result }) => result === what).length
  const passed = count('passed')
  const result = count('failed') > 0 ? 'failed' : passed > 0 && passed === outcomes.length ? 'passed' : 'not-run'
  const errors = count('error')
  const unasked = errors === 0 ? '' : `, ${errors} could not be asked`
  const detail = outcomes.length === 0 ? 'none were given' : `${passed} of ${outcomes.length} hold${unasked}`
  return { check: { name: 'assertions', result, detail }, outcomes, findings }
}

type Outcome = AssertionOutcome & { readonly finding?: ProofFinding }

async function runOne(client: pg.Client, { name, sql }: Assertion, before: number | undefined): Promise<Outcome> {
  const subject = `assertion ${name}`
  const known = before === undefined ? {} : { before }
  const failed = (code: 'assertion-failed' | 'assertion-threshold', what: string): Outcome => ({
    name,
    ...known,
    result: 'failed',
    finding: { code, subject, message: `${name}: ${what}.` },
  })
  const rules = rulesIn(sql)
  const error = (what: string, hint?: string): Outcome => ({
    name,
    result: 'error',
    finding: { code: 'assertion-error', subject, message: `${name}: ${what}.`, hint },
  })
  if (rules.unknown !== undefined) return error('a line "-- comeback:" that says nothing Comeback knows', RULES_HINT)
  try {
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${rules.timeout}`)
    const { rows, fields } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
    if (rows === undefined || fields === undefined) return error('it is more than one statement', 'One query a file.')
    if (rows.length === 0) return { name, ...known, result: 'passed' }
    const [value] = rows[0] ?? []
    if (rows.length > 1 || fields.length !== 1) {
      return failed('assertion-failed', `returned ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`)
    }
    if (value === true) return { name, ...known, result: 'passed' }
    const number = NUMBERS.includes(fields[0]?.dataTypeID ?? 0) && value !== null ? Number(value) : undefined
    const isMeasure = Object.keys(rules).some(rule => rule !== 'timeout')
    if (number === undefined || !isMeasure)
      return failed('assertion-failed', `returned ${value === false ? 'false' : '1 row'}`)
    const broken = brokenRule(number, before, rules)
    if (broken === undefined) return { name, ...known, value: number, result: 'passed' }
    return { ...failed('assertion-threshold', broken), value: number }
  } catch (cause) {
    if (isConnectionLoss(cause)) throw cause
    // Its message might quote a value.
    return error(`the server refused it (SQLSTATE ${sqlStateOf(cause) ?? 'none'})`, 'Try it on a copy of the database.')
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

const RULES_HINT = 'at least N, at most N, may fall by N%, may grow by N%, timeout 5m.'

function rulesIn(sql: string): Rules {
  let rules: Rules = { timeout: TIMEOUT }
  for (const [, text = ''] of sql.matchAll(RULE)) {
    const limit = /^at (least|most) (-?\d+(?:\.\d+)?)$/i.exec(text)
    const change = /^may (fall|grow) by (\d+(?:\.\d+)?) ?%$/i.exec(text)
    const timeout = /^timeout (\d+)([smh])$/i.exec(text)
    if (limit !== null) rules = { ...rules, [limit[1] === 'least' ? 'atLeast' : 'atMost']: Number(limit[2]) }
    else if (change !== null) rules = { ...rules, [change[1] === 'fall' ? 'mayFall' : 'mayGrow']: Number(change[2]) }
    else if (timeout !== null) rules = { ...rules, timeout: Number(timeout[1]) * (UNITS[timeout[2] ?? 's'] ?? 1) }
    else rules = { ...rules, unknown: text }
  }
  return rules
}

/** In words that hold no value: a count may be nobody's business, its change by so many percent is what was asked. */
function brokenRule(value: number, before: number | undefined, rules: Rules): string | undefined {
  const { atLeast, atMost, mayFall = MAY_FALL, mayGrow } = rules
  if (atLeast !== undefined && value < atLeast) return `is less than ${atLeast}`
  if (atMost !== undefined && value > atMost) return `is more than ${atMost}`
  if (before === undefined || before <= 0) return undefined
  const change = ((value - before) / before) * 100
  if (-change > mayFall) return `fell by ${Math.round(-change)} % since the last proof; ${mayFall} % are allowed`
  if (mayGrow !== undefined && change > mayGrow) {
    return `grew by ${Math.round(change)} % since the last proof; ${mayGrow} % are allowed`
  }
  return undefined
}
