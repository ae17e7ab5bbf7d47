/** The head of a script: which programs it came from, and the settings under which its text is to be read. */
import { ComebackError } from '../../errors.ts'
import type { ScriptPiece } from './script-reader.ts'

const TITLE = '-- PostgreSQL database dump'
const SERVER = /^-- Dumped from database version (\d+)(?:\.(\d+))?(?:\.(\d+))?/
const PROGRAM = /^-- Dumped by pg_dump version (\d+[\d.]*)/
const SETTING = /^SET ([a-z_]+) = (.+)$/
const PLAIN = /^(?:\w+|'[\w .-]*')$/
/** Those that a pg_dump since 9.3 sets; none of them names a role or loads a library. */
const SETTINGS: ReadonlySet<string> = new Set([
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'],
  ...['client_encoding', 'standard_conforming_strings', 'check_function_bodies', 'xmloption', 'client_min_messages'],
  ...['row_security', 'default_tablespace', 'default_table_access_method', 'default_with_oids'],
])
/** Bytes of which each is a character of ASCII wherever the lexer looks for one; the engine's own connections speak UTF-8. */
const ENCODINGS: readonly string[] = ['UTF8', 'SQL_ASCII']
/** What `--clean` writes before the first entry. A restore empties the target in its own way. */
const CLEANING = /^(?:DROP |ALTER .*\sDROP |CREATE OR REPLACE VIEW |SELECT pg_catalog\.lo_unlink\()/s

const BY_HAND = 'Decrypt it with openssl and gunzip, and restore it with psql.'

export interface SettingsFacts {
  /** As `server_version_num` has it. */
  readonly serverVersion: number
  readonly encoding: string
  readonly pgDump: string
}

export class ScriptSettings {
  #titled = false
  #serverVersion: number | undefined
  #pgDump = 'pg_dump'
  #encoding = 'UTF8'

  comment(text: string): void {
    if (text === TITLE) this.#titled = true
    const server = SERVER.exec(text)
    if (server !== null) this.#serverVersion ??= versionNumber(server.slice(1).map(part => Number(part ?? 0)))
    const program = PROGRAM.exec(text)?.[1]
    if (program !== undefined) this.#pgDump = `pg_dump ${program}`
  }

  /** Of one before the first entry: whether it belongs to the script, or only cleans up for psql. Throws `unsupported`. */
  statement({ text, line }: ScriptPiece): boolean {
    this.check()
    const [, name, value = ''] = SETTING.exec(text) ?? []
    if (name === 'client_encoding') this.#encoding = value.replaceAll("'", '')
    if (!ENCODINGS.includes(this.#encoding)) throw unsupported(`its text is in ${this.#encoding}`)
    if (name === 'standard_conforming_strings' && value !== 'on') throw unsupported('backslashes in its strings escape')
    // Names without their schemas mean what the path says, entry by entry.
    if (name === 'search_path') throw unsupported('a pg_dump older than 10.3 wrote it')
    if (name !== undefined && SETTINGS.has(name) && PLAIN.test(value)) return true
    if (/^SELECT pg_catalog\.set_config\('search_path', '', false\)$/.test(text)) return true
    if (CLEANING.test(text)) return false
    throw unsupported(`line ${line} is not known there`)
  }

  /** Throws `unsupported` if the text was nothing that pg_dump writes. */
  check(): void {
    if (!this.#titled) {
      throw new ComebackError('unsupported', 'It holds no plain script of pg_dump.', {
        hint: 'An archive in another format of pg_dump (custom, tar, directory) is restored by pg_restore.',
      })
    }
  }

  facts(): SettingsFacts {
    if (this.#serverVersion === undefined) throw unsupported('it does not say of which server it is')
    return { serverVersion: this.#serverVersion, encoding: this.#encoding, pgDump: this.#pgDump }
  }
}

/** 14.23 is 140023; before 10, 9.6.24 was 90624. */
function versionNumber([major = 0, second = 0, third = 0]: readonly number[]): number {
  return major >= 10 ? major * 10_000 + second : major * 10_000 + second * 100 + third
}

function unsupported(why: string): ComebackError {
  return new ComebackError('unsupported', `The dump cannot be read: ${why}.`, { hint: BY_HAND })
}
