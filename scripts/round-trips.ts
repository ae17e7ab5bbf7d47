/** Writes docs/round-trips.md from what `npm run test:round-trips` has recorded. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { INPUTS } from '../test/round-trips/inputs.ts'
import { type RoundTripRecord, records } from '../test/round-trips/record.ts'
import { ROLES, WAYS } from '../test/round-trips/round-trip.ts'

const docs = resolve(import.meta.dirname, '../docs')
const found = records()
if (found.length === 0) throw new Error('Nothing is recorded: npm run test:round-trips')
mkdirSync(docs, { recursive: true })
writeFileSync(join(docs, 'round-trips.md'), page(found))

function page(servers: readonly RoundTripRecord[]): string {
  const heads = servers.map(({ server }) => server.replace(/^PostgreSQL (\S+).*/, '$1'))
  const rows = INPUTS.map(({ name, about }) => [`\`${name}\``, about, ...servers.map(server => cell(server, name))])
  return `# Round trips

Schemas that hurt people elsewhere, each backed up once and brought back in every way: into an empty database in lanes (*parallel*),
over the very database that was backed up in one transaction (*atomic*), by a new database that takes the old one's place (*swap*),
by \`openssl\`, \`gunzip\` and \`psql\` alone (*stock*), and into a disposable database that is compared (*proof*). As a superuser, and as
an ordinary role that owns its database. What came back is held against what the server's own \`pg_dump | psql\` makes of the source,
entry by entry and row by row. The inputs are in \`test/round-trips/sql\`; \`npm run test:round-trips\` makes the trips and
\`node scripts/round-trips.ts\` writes this page.

Servers: ${servers.map(({ server, client }) => `${server}, schema read by ${client.replace(/ \(\/.*/, ' of its own')}`).join('; ')}.

| input | what it is | ${heads.join(' | ')} |
|---|---|${heads.map(() => '---|').join('')}
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}

*same*: all ways and roles gave what the source holds, and the proof said *verified*. *N listed*: all rows came back; N objects, which
no server takes as they are, were left out or made in another way, and listed with the statement that makes them later, and the proof
said so; *rows changed* are those with bytes that the encoding does not know. A dash: that server does not take the input, or it was not
tried there. Anything else is said in words. As an ordinary owner on 14, the trips had made schema \`public\` the owner's, which in the
new database of a swap is the superuser's: the restore lists it.
`
}

function cell({ trips }: RoundTripRecord, input: string): string {
  const outcomes = ROLES.flatMap(role => trips.filter(trip => trip.input === input && trip.role === role))
  const said = outcomes.flatMap(trip => WAYS.map(way => short(way, trip.outcomes[way])))
  return [...new Set(said.filter(one => one !== ''))].join('; ') || '–'
}

function short(way: string, outcome: string): string {
  const [, rows, listed] = /^(same|other) rows but (\d+) listed$/.exec(outcome) ?? []
  if (listed !== undefined) return rows === 'same' ? `${listed} listed` : `${listed} listed, rows changed`
  if (outcome === 'same') return 'same'
  // What goes without saying beside the others.
  if (/^(verified|(same|other) rows)$/.test(outcome) || /, (restore-failed|entry-skipped) /.test(outcome)) return ''
  const [said = ''] = outcome.split(/ (?=public\.)|; Type: /)
  return `${way}: ${said.replaceAll('|', '\\|')}`
}
