/**
 * pg_dump's text as a script that psql can run on a server of the source's own version, and that leaves there what the source
 * has. pg_dump itself writes for servers as new as it is: to older ones it says too much in one place, too little in another.
 */
import { splitStatements } from './sql-lexer.ts'

const TRANSACTION_TIMEOUT = { since: 170_000, statement: Buffer.from('\nSET transaction_timeout = 0;') }

/**
 * Since 15 nobody but its owner may create in schema `public`, and a pg_dump that new mentions only what differs from that. On an
 * older server the script must take the privilege away itself; where the source grants it, pg_dump says so further down.
 */
const CLOSED_PUBLIC = {
  since: 150_000,
  major: 15,
  statement: Buffer.from('\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;'),
}

/** Before 16 subscriptions always did so, and could not be told to; pg_dump tells them all the same. */
const RUN_AS_OWNER = {
  since: 160_000,
  statement: Buffer.from('CREATE SUBSCRIPTION '),
  option: Buffer.from(', run_as_owner = true'),
}

/** The last of the settings, with which every dump begins, and how far into the text it may lie. */
const LAST_SETTING = Buffer.from('\nSET row_security = off;')
const SETTINGS_LIMIT = 2_000

const VERSION = /^-- Dumped by pg_dump version (\d+)/m

export function scriptFor(text: Buffer, section: 'pre-data' | 'post-data', serverVersion: number): Buffer {
  let script = text
  if (serverVersion < TRANSACTION_TIMEOUT.since)
    script = replaceSetting(script, TRANSACTION_TIMEOUT.statement, Buffer.alloc(0))
  const major = Number(VERSION.exec(text.toString('latin1', 0, SETTINGS_LIMIT))?.[1] ?? 0)
  // Once: in the second script it would undo what pg_dump granted in the first.
  if (section === 'pre-data' && serverVersion < CLOSED_PUBLIC.since && major >= CLOSED_PUBLIC.major) {
    script = replaceSetting(script, LAST_SETTING, Buffer.concat([LAST_SETTING, CLOSED_PUBLIC.statement]))
  }
  if (section === 'post-data' && serverVersion < RUN_AS_OWNER.since) script = withoutRunAsOwner(script)
  return script
}

function withoutRunAsOwner(text: Buffer): Buffer {
  if (!text.includes(RUN_AS_OWNER.option)) return text
  const kept: Buffer[] = []
  let from = 0
  for (const { start, end } of splitStatements(text)) {
    const at = text.subarray(0, end).lastIndexOf(RUN_AS_OWNER.option)
    if (at < start || text.indexOf(RUN_AS_OWNER.statement, start) !== start) continue
    kept.push(text.subarray(from, at))
    from = at + RUN_AS_OWNER.option.length
  }
  return Buffer.concat([...kept, text.subarray(from)])
}

function replaceSetting(text: Buffer, setting: Buffer, by: Buffer): Buffer {
  const at = text.indexOf(setting)
  if (at < 0 || at > SETTINGS_LIMIT) return text
  return Buffer.concat([text.subarray(0, at), by, text.subarray(at + setting.length)])
}
