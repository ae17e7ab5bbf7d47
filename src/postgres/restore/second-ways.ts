/** What is better than nothing where a statement of an entry is refused, and what makes it whole later. */
import type { Unmade } from '../../engine/ports.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import type { PlannedEntry } from './restore-plan.ts'

export interface SecondWay {
  readonly outcome: Unmade['outcome']
  /** In place of the one that was refused. */
  readonly statement: string
  readonly later: readonly string[]
  readonly hint: string
}

const ADDED = new RegExp(String.raw`^ALTER (?:FOREIGN )?TABLE (?:ONLY )?(${QUALIFIED_NAME})\s+ADD CONSTRAINT ${NAME} `)
const ADDED_TO_DOMAIN = new RegExp(String.raw`^ALTER DOMAIN (${QUALIFIED_NAME})\s+ADD CONSTRAINT ${NAME} `)
const COLLATION = new RegExp(`^CREATE COLLATION (${QUALIFIED_NAME}) \\(`)
const RESTRICTIVE = new RegExp(
  `^(CREATE POLICY ${NAME} ON ${QUALIFIED_NAME} AS RESTRICTIVE(?: FOR ([A-Z]+))?(?: TO .*?)?)(?: USING| WITH CHECK) \\(`,
  's',
)

export function secondWay({ entry }: PlannedEntry, sql: string): SecondWay | undefined {
  switch (entry.type) {
    case 'FK CONSTRAINT':
    case 'CHECK CONSTRAINT':
      return notValid(sql)
    case 'COLLATION': {
      const name = COLLATION.exec(sql)?.[1]
      return name === undefined ? undefined : plainCollation(name)
    }
    case 'POLICY':
      return closedPolicy(sql)
    default:
      return undefined
  }
}

/** It holds for what is written from now on; what is there already is let be. */
export function notValid(sql: string): (SecondWay & { readonly name: string }) | undefined {
  const domain = ADDED_TO_DOMAIN.exec(sql)
  const [, owner, , , name] = domain ?? ADDED.exec(sql) ?? []
  if (owner === undefined || name === undefined || / NOT VALID$/.test(sql)) return undefined
  return {
    name: `${owner} ${unquoted(name)}`,
    outcome: 'not-valid',
    statement: `${sql} NOT VALID`,
    later: [`ALTER ${domain === null ? 'TABLE' : 'DOMAIN'} ${owner} VALIDATE CONSTRAINT ${name}`],
    hint: 'It holds for new rows. Correct the rows that break it, or what it calls, then let the server check them all.',
  }
}

/** Columns that have the collation can be made, and sort by the bytes of their text. */
function plainCollation(name: string): SecondWay {
  return {
    outcome: 'changed',
    statement: `CREATE COLLATION ${name} (provider = libc, locale = 'C')`,
    later: [],
    hint: `${name} is there with the locale C: text that has it sorts by its bytes. Restore again where the server has the locale, or give the columns another collation.`,
  }
}

/** A restrictive policy takes rights away. Without it there would be more of them, so it takes all. */
function closedPolicy(sql: string): SecondWay | undefined {
  const [, head, , , , command] = RESTRICTIVE.exec(sql) ?? []
  if (head === undefined) return undefined
  const [, name = '', schema, table = ''] = new RegExp(`^CREATE POLICY ${NAME} ON ${QUALIFIED_NAME}`).exec(sql) ?? []
  const drop = `DROP POLICY ${name} ON ${schema === undefined ? '' : `${schema}.`}${table}`
  return {
    outcome: 'changed',
    statement: `${head} ${command === 'INSERT' ? 'WITH CHECK' : 'USING'} (false)`,
    later: [drop, sql],
    hint: 'A policy of its name lets nobody through, so that no right is wider than it was.',
  }
}
