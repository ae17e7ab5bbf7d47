/**
 * A pg_dump out of one of PostgreSQL's own images. It runs as whoever runs Comeback and in the machine's own network, and is
 * told what it may know by files and variables, so that nothing of it stands in a list of processes.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ComebackError } from '../../errors.ts'
import { type Machine, programOnPath } from './client-places.ts'
import { versionSaid } from './client-version.ts'

export interface DockerImage {
  /** Path of Docker's own client. */
  readonly docker: string
  readonly image: string
}

/** Milliseconds: an engine that does not answer is none. */
const ANSWER_LIMIT = 15_000
const PULL_LIMIT = 10 * 60_000
/** Images that are asked for their version. */
const ASKED = 3

/** What Docker's client reads to find its engine. */
export function dockerEnvironment({ environment }: Machine): Record<string, string> {
  const wanted = /^(?:PATH|HOME|USERPROFILE|XDG_RUNTIME_DIR|DOCKER_[A-Z_]+)$/
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && wanted.test(name) ? [[name, value]] : [],
    ),
  )
}

/** Images of that major that are here already, with the version of their pg_dump; none without Docker. */
export async function imagesHere(
  machine: Machine,
  major: number,
  signal: AbortSignal,
): Promise<readonly (DockerImage & { readonly version: string })[]> {
  const docker = await programOnPath(machine, 'docker')
  if (docker === undefined) return []
  const listed = await ask(docker, ['image', 'ls', '--format', '{{.Tag}}', 'postgres'], machine, signal)
  const tags = (listed ?? '').split('\n').filter(tag => new RegExp(`^${major}(?:$|[.-])`).test(tag))
  const found: (DockerImage & { version: string })[] = []
  for (const tag of [...new Set(tags)].sort((a, b) => a.length - b.length).slice(0, ASKED)) {
    const image = `postgres:${tag}`
    const version = await versionIn({ docker, image }, machine, signal)
    if (version !== undefined) found.push({ docker, image, version })
  }
  return found
}

/** Fetches the image of that major, and says so. Undefined without Docker, or where there is no such image. */
export async function pullImage(
  machine: Machine,
  major: number,
  { signal, phase }: { readonly signal: AbortSignal; readonly phase: (text: string) => void },
): Promise<(DockerImage & { readonly version: string }) | undefined> {
  const docker = await programOnPath(machine, 'docker')
  if (docker === undefined) return undefined
  const image = `postgres:${major}`
  phase(`Pulling ${image} with Docker for its pg_dump, since this machine has none that is new enough`)
  if ((await ask(docker, ['pull', '--quiet', image], machine, signal, PULL_LIMIT)) === undefined) return undefined
  const version = await versionIn({ docker, image }, machine, signal)
  return version === undefined ? undefined : { docker, image, version }
}

/** Docker's arguments for running it. Files and folders lie inside where they lie outside; variables come from Docker's own. */
export function dockerArguments(
  { image }: DockerImage,
  files: readonly string[],
  variables: readonly string[],
  args: readonly string[],
): readonly string[] {
  if (files.some(file => file.includes(':'))) {
    throw new ComebackError('usage', 'A path with a colon cannot be given to Docker.')
  }
  return [
    ...['run', '--rm', '--init', '--network', 'host', '--entrypoint', 'pg_dump'],
    ...(process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`]),
    ...files.flatMap(file => ['--volume', `${file}:${file}:ro`]),
    ...variables.flatMap(name => ['--env', name]),
    image,
    ...args,
  ]
}

async function versionIn(image: DockerImage, machine: Machine, signal: AbortSignal): Promise<string | undefined> {
  const said = await ask(image.docker, dockerArguments(image, [], [], ['--version']), machine, signal)
  return said === undefined ? undefined : versionSaid(said)
}

/** What it says; undefined where it cannot. */
async function ask(
  docker: string,
  args: readonly string[],
  machine: Machine,
  signal: AbortSignal,
  timeout = ANSWER_LIMIT,
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(docker, [...args], {
      env: dockerEnvironment(machine),
      signal,
      timeout,
    })
    return stdout
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
