/** Versions of pg_dump, and which of them knows as much as which other. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ComebackError } from '../../errors.ts'

/** Milliseconds in which a program tells its version. */
const ANSWER_LIMIT = 15_000

export interface ClientVersion {
  readonly major: number
  /** Negative for what comes before a release: betas, candidates. */
  readonly minor: number
}

const BEFORE_RELEASE: Readonly<Record<string, number>> = { devel: -3_000, alpha: -3_000, beta: -2_000, rc: -1_000 }

/**
 * All majors have their minor releases on one day: 18.3, 17.9, 16.13, 15.17 and 14.22 are of one. This is how many more an older
 * major has had than 18.
 */
const MORE_THAN_18: Readonly<Record<number, number>> = { 14: 19, 15: 14, 16: 10, 17: 6, 18: 0 }

/** Of `18.6`, `19rc1`, `19devel`; undefined for anything else. */
export function parseVersion(text: string): ClientVersion | undefined {
  const [, major, minor, stage, number] = /^(\d+)(?:\.(\d+)|(devel|alpha|beta|rc)(\d*))/.exec(text) ?? []
  if (major === undefined) return undefined
  return {
    major: Number(major),
    minor: stage === undefined ? Number(minor) : (BEFORE_RELEASE[stage] ?? 0) + Number(number),
  }
}

/** The version out of what `pg_dump --version` writes: `18.6`, from `pg_dump (PostgreSQL) 18.6 (Debian 18.6-1)`. */
export function versionSaid(text: string): string | undefined {
  return /^pg_dump \(PostgreSQL\) (\S+)/.exec(text)?.[1]
}

/** Whether that one of the server's own major is at least as new, for this server, as another of a newer major. */
export function isAsNew(one: ClientVersion, other: ClientVersion): boolean {
  if (one.major >= other.major) return one.major > other.major || one.minor >= other.minor
  const [more, otherMore] = [MORE_THAN_18[one.major], MORE_THAN_18[other.major]]
  // Of a major of which nothing is known here, the newer program is taken.
  return more !== undefined && otherMore !== undefined && one.minor - more >= other.minor - otherMore
}

/** `18.6`, from `pg_dump (PostgreSQL) 18.6 (Debian 18.6-1)`. Throws `usage` if the program is no pg_dump. */
export async function nativeVersion(program: string, signal?: AbortSignal): Promise<string> {
  const hint = 'Give --pg-dump the path of a pg_dump, or leave it away to use the bundled one.'
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], {
      env: {},
      timeout: ANSWER_LIMIT,
      ...(signal && { signal }),
    })
    const version = versionSaid(stdout)
    if (version !== undefined) return version
  } catch (error) {
    signal?.throwIfAborted()
    throw new ComebackError('usage', `${program} cannot be run.`, { cause: error, hint })
  }
  throw new ComebackError('usage', `${program} is no pg_dump.`, { hint })
}
