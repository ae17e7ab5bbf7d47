/**
 * Which pg_dump reads a server. One of the server's own major knows that server's words, and one of its newest minor also what a
 * security release has changed, so such a one is taken where the machine has it; the bundled one serves everybody else.
 */
import { ComebackError } from '../../errors.ts'
import { type DockerImage, dockerEnvironment, imagesHere, pullImage } from './client-docker.ts'
import { type Machine, pgDumpPrograms } from './client-places.ts'
import { type ClientVersion, isAsNew, nativeVersion, parseVersion } from './client-version.ts'

/** A test holds it equal to what the bundled pg_dump writes into its dumps. */
export const BUNDLED_PG_DUMP = { major: 18, minor: 3, version: '18.3' } as const

/** How the bundled one is asked for by name. */
export const BUNDLED = 'bundled'

/**
 * pg_dump 14 compares the rights of schema `public` with those that everybody had there until then, so its text means something
 * else on a newer server. The bundled one says in full who may do what, and the dialect does the rest.
 */
const OLDEST_MAJOR = 15

/** Majors newer than the server's whose programs are looked for, where the bundled one is too old. */
const NEWER_MAJORS = 3

/**
 * A path, or `bundled`: that one and no other. A machine: the best that is found there. Nothing: the bundled one, on which no
 * machine has an influence.
 */
export type PgDumpRequest = string | Machine | undefined

export type Client =
  | { readonly kind: 'bundled'; readonly version: string }
  | { readonly kind: 'program'; readonly version: string; readonly path: string; readonly requested: boolean }
  | ({
      readonly kind: 'docker'
      readonly version: string
      readonly environment: Readonly<Record<string, string>>
    } & DockerImage)

const BUNDLED_CLIENT: Client = { kind: 'bundled', version: BUNDLED_PG_DUMP.version }

export interface ReadServer {
  /** `server_version_num` */
  readonly serverVersion: number
  /** `host:port/database` */
  readonly description: string
}

/** Throws `usage` for a requested program that is no pg_dump, `server-too-new` where none can serve. */
export async function chooseClient(
  request: PgDumpRequest,
  server: ReadServer,
  { signal, phase }: { readonly signal: AbortSignal; readonly phase: (text: string) => void },
): Promise<Client> {
  const major = majorOf(server)
  if (request === undefined || request === BUNDLED) {
    if (bundledServes(server)) return BUNDLED_CLIENT
    throw tooNew(server, `the bundled pg_dump ${BUNDLED_PG_DUMP.version}`)
  }
  if (typeof request === 'string') return await requestedClient(request, server, signal)
  const found = await programsFor(request, major, signal)
  const [best] = found.filter(({ version }) => suits(version, server)).sort((a, b) => byFitness(a.version, b.version))
  if (best !== undefined) return { kind: 'program', version: best.text, path: best.path, requested: false }
  const images = await imagesHere(request, major, signal)
  const image = images.find(({ version }) => suits(parseVersion(version), server))
  if (image !== undefined) return { kind: 'docker', ...image, environment: dockerEnvironment(request) }
  if (bundledServes(server)) return BUNDLED_CLIENT
  const pulled = await pullImage(request, major, { signal, phase })
  if (pulled !== undefined) return { kind: 'docker', ...pulled, environment: dockerEnvironment(request) }
  throw tooNew(server, `the bundled pg_dump ${BUNDLED_PG_DUMP.version} and any other that this machine has`)
}

/** `pg_dump 18.3 (bundled)`, `pg_dump 18.6 (/usr/bin/pg_dump)`, `pg_dump 17.12 (postgres:17)`. */
export function describeClient(client: Client): string {
  const where = client.kind === 'program' ? client.path : client.kind === 'docker' ? client.image : BUNDLED
  return `pg_dump ${client.version} (${where})`
}

/** The one to go on with where a found one fails at what the bundled one may still do. Nobody has asked for the found one. */
export function substituteFor(client: Client, server: Pick<ReadServer, 'serverVersion'>): Client | undefined {
  const found = client.kind === 'docker' || (client.kind === 'program' && !client.requested)
  return found && bundledServes(server) ? BUNDLED_CLIENT : undefined
}

function majorOf({ serverVersion }: Pick<ReadServer, 'serverVersion'>): number {
  return Math.floor(serverVersion / 10_000)
}

function bundledServes(server: Pick<ReadServer, 'serverVersion'>): boolean {
  return majorOf(server) <= BUNDLED_PG_DUMP.major
}

async function requestedClient(path: string, server: ReadServer, signal: AbortSignal): Promise<Client> {
  const version = await nativeVersion(path, signal)
  if ((parseVersion(version)?.major ?? 0) < majorOf(server)) throw tooNew(server, `${path} ${version}`)
  return { kind: 'program', version, path, requested: true }
}

interface FoundProgram {
  readonly path: string
  readonly text: string
  readonly version: ClientVersion | undefined
}

/** What cannot be run, or is something else, is not found. */
async function programsFor(machine: Machine, major: number, signal: AbortSignal): Promise<readonly FoundProgram[]> {
  const newer = major > BUNDLED_PG_DUMP.major ? Array.from({ length: NEWER_MAJORS }, (_, more) => major + 1 + more) : []
  const paths = await pgDumpPrograms(machine, [major, ...newer])
  const found = await Promise.all(
    paths.map(async path => {
      try {
        const text = await nativeVersion(path, signal)
        return [{ path, text, version: parseVersion(text) }]
      } catch {
        signal.throwIfAborted()
        return []
      }
    }),
  )
  return found.flat()
}

function suits(version: ClientVersion | undefined, server: ReadServer): boolean {
  if (version === undefined || version.major < OLDEST_MAJOR) return false
  if (!bundledServes(server)) return version.major >= majorOf(server)
  return version.major === majorOf(server) && isAsNew(version, BUNDLED_PG_DUMP)
}

/** The server's own major before newer ones, of one major the newest minor. */
function byFitness(a: ClientVersion | undefined, b: ClientVersion | undefined): number {
  return (a?.major ?? 0) - (b?.major ?? 0) || (b?.minor ?? 0) - (a?.minor ?? 0)
}

function tooNew(server: ReadServer, than: string): ComebackError {
  const major = majorOf(server)
  return new ComebackError(
    'server-too-new',
    `${server.description} runs PostgreSQL ${major}, which is newer than ${than}.`,
    {
      hint: `It takes a pg_dump of PostgreSQL ${major}, which is found by itself once it is there: apt-get install postgresql-client-${major} (from apt.postgresql.org), dnf install postgresql${major}, brew install postgresql@${major}, or docker pull postgres:${major}. One that lies elsewhere is given as --pg-dump PATH.`,
    },
  )
}
