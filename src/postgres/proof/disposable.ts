/**
 * Where a proof may be made. A database that is marked as disposable, is empty, and looks like no production: and even that one
 * stays as it is, since the proof makes a database of its own beside it, like the one that was backed up, and drops it again.
 */
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { inDatabase, parseDatabaseUrl } from '../connection/connection-url.ts'
import { serverError } from '../connection/server-error.ts'
import { sqlStateOf } from '../connection/sql-state.ts'
import { describeSorting, LIBC, localeOptions, sortingOf } from '../database-locale.ts'
import type { DatabaseDetail } from '../detail.ts'
import { removeRoles, removeSubscriptions } from '../restore/remove-restored.ts'
import { openForClearingUp, type TargetOptions } from '../restore/restore-sessions.ts'
import { describeContents, inspectTarget } from '../restore/target.ts'
import { SUPERUSER_HINT } from './outcome.ts'

/** Loopback, private, link-local and unique-local networks. */
const NEAR =
  /^((::ffff:)?(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)|::1$|fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:)/i
/** Locales that the server lacks: invalid_parameter_value before 16, wrong_object_type; ICU without which it was built. */
const NO_SUCH_LOCALE: readonly string[] = ['42809', '22023', '42602', '0A000']
/** First version that must be told whose locale it is. */
const PROVIDERS = 150_000

export interface Consent {
  /** Whoever asks says that the server may be thrown away. */
  readonly disposable: boolean
  /** Name of the database, typed again. */
  readonly confirm: string | undefined
}

/** Throws `usage` before anything is asked of the server. */
export async function refuseUnmarked(
  url: string,
  { disposable, confirm }: Consent,
  addressesOf: Resolver = resolveHost,
): Promise<void> {
  const { host, database } = parseDatabaseUrl(url)
  if (!disposable) {
    throw new ComebackError('usage', `Nothing says that the server of the database "${database}" may be thrown away.`, {
      hint: 'A proof restores a whole backup and creates roles. If this server is for that, add --disposable; never point it at a server that is in use.',
    })
  }
  if (confirm !== undefined && confirm !== database) {
    throw new ComebackError(
      'usage',
      `The proof would be made beside the database "${database}", and "${confirm}" was confirmed.`,
      { hint: 'Correct the URL of the target, or give the name of this database to --confirm NAME.' },
    )
  }
  if (confirm === database || (await isNear(host, addressesOf))) return
  throw new ComebackError('usage', `${host} is not on this machine or in its network, so it might be in use.`, {
    hint: `If it may be thrown away, say so with its name: --confirm ${database}`,
  })
}

/** The addresses of a host, none if it has none. */
export type Resolver = (host: string) => Promise<readonly string[]>

/** A name without a dot is a container beside this one. Any other must lead to nothing but near addresses. */
export async function isNear(host: string, addressesOf: Resolver = resolveHost): Promise<boolean> {
  if (host.startsWith('/')) return true
  if (isIP(host) !== 0) return NEAR.test(host)
  if (!host.includes('.') || host.endsWith('.localhost')) return true
  const addresses = await addressesOf(host)
  return addresses.length > 0 && addresses.every(address => NEAR.test(address))
}

async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    // Whatever the reason, nothing says that it is near.
    if (error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo') return []
    throw error
  }
}

/** Throws `not-empty`. */
export async function refuseFilled(connection: Connection): Promise<void> {
  const contents = await inspectTarget(connection)
  if (contents === undefined) return
  throw new ComebackError(
    'not-empty',
    `${connection.description} is not empty: ${describeContents(contents)}. A proof is made where nothing is.`,
    { hint: 'Name an empty database of a disposable server.' },
  )
}

export interface ProofDatabase {
  readonly url: string
  readonly name: string
  /** What text of the source is sorted by, where this server does not have it, and what was taken instead. */
  readonly otherLocale?: { readonly missing: string; readonly instead: string }
}

/** A new database with the encoding and the locale of the one that was backed up. Throws what the server says. */
export async function createProofDatabase(
  connection: Connection,
  url: string,
  detail: DatabaseDetail,
): Promise<ProofDatabase> {
  const name = `comeback_proof_${randomBytes(4).toString('hex')}`
  const made = { name, url: inDatabase(url, name) }
  const { encoding } = detail
  const encoded = encoding === '' ? [] : [`ENCODING ${pg.escapeLiteral(encoding)}`]
  const create = async (options: readonly string[]) => {
    await connection.query(
      `CREATE DATABASE ${pg.escapeIdentifier(name)} ${['TEMPLATE template0', ...encoded, ...options].join(' ')}`,
    )
  }
  try {
    const attempts = localesFor(detail, connection.serverVersion)
    for (const [index, { options, otherLocale }] of attempts.entries()) {
      try {
        await create(options)
        return { ...made, ...(otherLocale && { otherLocale }) }
      } catch (error) {
        if (!NO_SUCH_LOCALE.includes(sqlStateOf(error)) || index === attempts.length - 1) throw error
      }
    }
    return made
  } catch (error) {
    const told = serverError(error, `Creating a database for the proof on ${connection.description}`)
    throw told.code === 'permission'
      ? new ComebackError(told.code, told.message, { hint: SUPERUSER_HINT, cause: error })
      : told
  }
}

type LocaleAttempt = Pick<ProofDatabase, 'otherLocale'> & { readonly options: readonly string[] }

/** What to ask the server for, one after the other: as it was; with its order alone; and what every server has. */
function localesFor(detail: DatabaseDetail, serverVersion: number): readonly LocaleAttempt[] {
  const wanted = sortingOf(detail)
  const plain = { collate: 'C', ctype: 'C' }
  // Of what was read from a dump nobody knows it.
  if (wanted.collate === '') return [{ options: detail.encoding === '' ? [] : localeOptions(plain) }]
  const { locale } = wanted
  const ofLibrary = locale?.provider === 'icu' || locale?.provider === 'builtin'
  const libc = serverVersion < PROVIDERS ? null : LIBC
  return [
    { options: localeOptions(wanted) },
    ...(ofLibrary
      ? [
          {
            options: localeOptions({ ...plain, locale }),
            otherLocale: {
              missing: wanted.collate,
              instead: `what ${describeSorting(wanted)} does not decide was left to C`,
            },
          },
        ]
      : []),
    {
      options: localeOptions({ ...plain, locale: libc }),
      otherLocale: { missing: describeSorting(wanted), instead: 'text was sorted by the locale C' },
    },
  ]
}

/** Also when the proof was cancelled. Throws what keeps it from being dropped. */
export async function dropProofDatabase(
  target: TargetOptions,
  { name, url }: ProofDatabase,
  roles: readonly string[],
): Promise<void> {
  await using connection = await openForClearingUp(target)
  const [subscribed] = await connection
    .query(
      'SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1',
      [name],
    )
    .catch(() => [{}])
  if (subscribed !== undefined) {
    await using inside = await openForClearingUp({ ...target, url })
    await removeSubscriptions(inside, new Set())
  }
  await connection.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
  await removeRoles(connection, roles)
}
