/** By what a database sorts text: libc, ICU, or what the server brings itself; and how another one is made that does the same. */
import pg from 'pg'
import type { DatabaseDetail, DatabaseLocale } from './detail.ts'

/** `server_version_num` from which on there is something else than libc, rules for ICU, and the server's own. */
const SINCE = { libc: 0, icu: 150_000, rules: 160_000, builtin: 170_000 } as const

/** What a database has for it; `locale` is null where the server knows libc alone, absent where a backup does not tell. */
export type Sorting = Pick<DatabaseDetail, 'collate' | 'ctype'> & { readonly locale?: DatabaseLocale | null }

/** JSON of the `locale` of `d`, a row of pg_database, whose columns came with several versions. */
export const DATABASE_LOCALE = `
  (SELECT pg_catalog.json_build_object(
            'provider', CASE j.doc ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
            'name', COALESCE(j.doc ->> 'datlocale', j.doc ->> 'daticulocale'),
            'rules', j.doc ->> 'daticurules',
            'version', j.doc ->> 'datcollversion')
     FROM (SELECT pg_catalog.to_jsonb(d)) j(doc) WHERE j.doc ->> 'datlocprovider' IS NOT NULL)`

/** For CREATE DATABASE … TEMPLATE template0. */
export function localeOptions({ collate, ctype, locale }: Sorting): readonly string[] {
  return [`LC_COLLATE ${pg.escapeLiteral(collate)}`, `LC_CTYPE ${pg.escapeLiteral(ctype)}`, ...providerOptions(locale)]
}

export function providerOptions(locale: DatabaseLocale | null | undefined): readonly string[] {
  if (locale === null || locale === undefined) return []
  const { provider, name, rules } = locale
  if (provider === 'libc' || name === null) return ['LOCALE_PROVIDER libc']
  if (provider === 'builtin') return ['LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${pg.escapeLiteral(name)}`]
  return [
    'LOCALE_PROVIDER icu',
    `ICU_LOCALE ${pg.escapeLiteral(name)}`,
    ...(rules === null ? [] : [`ICU_RULES ${pg.escapeLiteral(rules)}`]),
  ]
}

/** `de_DE.UTF-8`, `ICU de-DE`, `ICU de-DE with rules of its own`, `C.UTF-8 of the server itself`. */
export function describeSorting({ collate, locale }: Sorting): string {
  if (locale?.provider === 'icu') return `ICU ${locale.name}${locale.rules === null ? '' : ' with rules of its own'}`
  return locale?.provider === 'builtin' ? `${locale.name} of the server itself` : collate
}

/** As far as both tell. */
export function sortsAlike(one: Sorting, other: Sorting): boolean {
  if (one.locale === undefined || other.locale === undefined) return one.collate === other.collate
  const [first, second] = [one.locale ?? LIBC, other.locale ?? LIBC]
  if (first.provider !== second.provider) return false
  if (first.provider === 'libc') return one.collate === other.collate
  return first.name === second.name && first.rules === second.rules
}

export const LIBC: DatabaseLocale = { provider: 'libc', name: null, rules: null, version: null }

/** What a backup says, and what goes without saying: before 15 there was libc alone. */
export function sortingOf({ collate, ctype, locale, serverVersion }: DatabaseDetail): Sorting {
  if (locale !== undefined) return { collate, ctype, locale }
  return { collate, ctype, ...(serverVersion < SINCE.icu ? { locale: null } : {}) }
}

/** The major that a server must have to sort so. */
export function majorFor({ locale }: Sorting): number {
  return SINCE[locale?.rules ? 'rules' : (locale?.provider ?? 'libc')] / 10_000
}
