/**
 * Results on their way from one job of a workflow to another, as text: JSON, gzip, base64. Whoever runs beside the first job may
 * have written them, so they are read like anything of a stranger's.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import * as v from 'valibot'
import type { Continuation } from '../engine/migration.ts'
import { CHECKS, PROOF_CODES, type ProofCode } from '../engine/proof.ts'
import { asComebackError, ComebackError, ERROR_CODES } from '../errors.ts'
import { COMPONENTS } from '../format/manifest.ts'
import { MiB } from '../format/sizes.ts'
import type { ErrorValue } from './report.ts'
import type { VerifyReport } from './verify-report.ts'

/** Characters: a process takes variables of 128 KiB at most. */
const LIMIT = 120_000
/** Bytes of the JSON. */
const PLAIN_LIMIT = 16 * MiB

export type Result = VerifyReport | Continuation | { readonly error: ErrorValue }

/** What is too long loses its tables and its past; empty if that is not enough. */
export function pack(result: Result): string {
  const whole = packed(result)
  if (whole.length <= LIMIT) return whole
  const shorter = packed(shortened(result))
  return shorter.length <= LIMIT ? shorter : ''
}

/** Throws `usage`. */
export function unpack(text: string): Result {
  try {
    const plain = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: PLAIN_LIMIT })
    return v.parse(RESULT, JSON.parse(plain.toString()))
  } catch (error) {
    const message = `A result of an earlier job cannot be read: ${asComebackError(error).message.slice(0, 200)}`
    throw new ComebackError('usage', message, { cause: error })
  }
}

function packed(result: Result): string {
  return gzipSync(JSON.stringify(result)).toString('base64')
}

function shortened(result: Result): Result {
  if ('error' in result) return result
  if (result.command === 'verify')
    return { ...result, proofs: result.proofs.map(proof => ({ ...proof, tables: [], history: [] })) }
  const { migration } = result
  if (migration === undefined) return result
  const diffCut = migration.diffCut + migration.schemaDiff.split('\n').length
  return { ...result, migration: { ...migration, tables: [], schemaDiff: '', diffCut } }
}

const text = v.string()
const number = v.number()
const code = v.picklist(Object.keys(PROOF_CODES) as ProofCode[])
const verdict = v.picklist(['verified', 'failed', 'could-not-verify'])
const findings = v.array(v.object({ code, subject: text, message: text, hint: v.exactOptional(text) }))
const check = v.object({ name: v.picklist(CHECKS), result: v.picklist(['passed', 'failed', 'not-run']), detail: text })
const assertions = v.array(
  v.object({
    name: text,
    result: v.picklist(['passed', 'failed', 'error']),
    value: v.exactOptional(number),
    before: v.exactOptional(number),
  }),
)
const counts = v.object({ before: v.exactOptional(number), after: v.exactOptional(number) })
const blocks = v.picklist(['reads and writes', 'writes', 'schema changes'])

const PROOF = v.object({
  component: v.picklist(COMPONENTS),
  id: text,
  time: text,
  verdict,
  provedAt: text,
  authenticated: v.boolean(),
  restoreSeconds: v.exactOptional(number),
  compareSeconds: v.exactOptional(number),
  age: number,
  bytes: number,
  stored: number,
  server: v.exactOptional(text),
  engine: text,
  checks: v.array(check),
  findings,
  tables: v.exactOptional(
    v.array(v.object({ name: text, rows: number, bytes: number, before: v.exactOptional(number) })),
  ),
  assertions,
  history: v.array(
    v.object({
      time: text,
      id: text,
      verdict,
      restoreSeconds: v.exactOptional(number),
      bytes: number,
      stored: number,
    }),
  ),
  recorded: v.boolean(),
  notRecorded: v.exactOptional(text),
})

const MIGRATION = v.object({
  command: text,
  backup: text,
  result: v.picklist(['succeeded', 'failed', 'could-not-run']),
  exitCode: v.nullable(number),
  seconds: number,
  statements: number,
  slow: v.array(v.object({ statement: text, seconds: number })),
  error: v.exactOptional(v.object({ code: text, message: text, statement: v.exactOptional(text) })),
  locks: v.array(v.object({ table: text, mode: text, seconds: number, blocks })),
  needed: v.array(v.object({ table: text, mode: text, blocks })),
  interval: number,
  changesSeen: v.boolean(),
  schemaDiff: text,
  diffCut: number,
  schemaOnly: v.boolean(),
  tables: v.array(v.object({ name: text, rows: counts, bytes: counts })),
  assertions,
  findings,
})

const RESULT = v.union([
  v.object({
    command: v.literal('verify'),
    schema: v.literal(1),
    store: text,
    kind: v.picklist(['made', 'recorded']),
    verdict,
    proofs: v.array(PROOF),
    absent: v.array(v.picklist(COMPONENTS)),
    migration: v.exactOptional(MIGRATION),
    left: v.exactOptional(
      v.object({ backup: text, database: text, roles: v.array(text), schemaOnly: v.boolean(), assertions }),
    ),
  }),
  v.object({
    command: v.literal('continuation'),
    schema: v.literal(1),
    backup: text,
    check,
    assertions,
    findings,
    migration: v.exactOptional(MIGRATION),
  }),
  v.object({ error: v.object({ code: v.picklist(ERROR_CODES), message: text, hint: v.exactOptional(text) }) }),
])
