/**
 * What the head of a script says beyond pg_dump's own words, so that psql reads it on any server as Comeback does. All files of a
 * backup go through one session, so it holds for the rows, too.
 */
import { MEANING, readUnder, WRITING, WRITTEN_UNDER } from '../connection/session-settings.ts'

/** The last of the settings with which every dump begins, and how far into the text it may lie. */
const LAST_SETTING = Buffer.from('\nSET row_security = off;')
const SETTINGS_LIMIT = 2_000

/** What pg_dump writes itself, and what not every server knows: 17 brought a time limit, 19 did away with a mere warning. */
const LEFT_OUT: readonly string[] = ['search_path', 'transaction_timeout', 'escape_string_warning']

/** Lower case, as pg_dump writes names: no server minds. */
const SETTINGS = Object.entries({ ...WRITING, ...MEANING, ...readUnder(WRITTEN_UNDER) })
  .filter(([name]) => !LEFT_OUT.includes(name))
  .map(([name, value]) => `\nSET ${name.toLowerCase()} = '${value}';`)
  .join('')

export function withTextSettings(text: Buffer): Buffer {
  const at = text.indexOf(LAST_SETTING)
  if (at < 0 || at > SETTINGS_LIMIT) return text
  const end = at + LAST_SETTING.length
  return Buffer.concat([text.subarray(0, end), Buffer.from(SETTINGS), text.subarray(end)])
}
