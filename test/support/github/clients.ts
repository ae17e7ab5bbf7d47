/**
 * The real clients (@actions/artifact, @actions/cache, @actions/github) in a process of their own, as they read the environment
 * when they are imported. Run as a program it is that process, and takes calls over IPC.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GitHub, Run } from './github.ts'

type Library = 'artifact' | 'cache' | 'github'

interface Call {
  readonly library: Library
  readonly method: string
  readonly args: readonly unknown[]
}

type Answer = { readonly value: unknown } | { readonly error: { readonly name: string; readonly message: string } }

export interface Clients extends AsyncDisposable {
  readonly run: Run
  /** A temporary folder, the workspace of the run. */
  readonly folder: string
  /** Writes a file into the folder and returns its path. */
  file(name: string, content: string | Uint8Array): string
  /** `artifact.uploadArtifact(...)`; what it throws comes back as an Error of that name. One call at a time. */
  call<Value>(library: Library, method: string, ...args: readonly unknown[]): Promise<Value>
  /** One raw file as an artifact. */
  upload(
    path: string,
    options?: object,
  ): Promise<{ readonly id: number; readonly size: number; readonly digest: string }>
}

export function startClients(
  github: GitHub,
  run: Run = github.newRun(),
  environment: Readonly<Record<string, string>> = {},
): Clients {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-clients-'))
  const child = fork(import.meta.filename, ['--serve'], {
    env: {
      // Of the machine's own environment only the way to tar, which the cache needs.
      PATH: process.env.PATH,
      ...github.environment(run),
      RUNNER_TEMP: folder,
      GITHUB_WORKSPACE: folder,
      TEST_TOKEN: github.token,
      ...environment,
    },
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })

  async function call<Value>(library: Library, method: string, ...args: readonly unknown[]): Promise<Value> {
    child.send({ library, method, args } satisfies Call)
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the clients ended with ${code}`)))
    const [answer]: [Answer] = await Promise.race([once(child, 'message') as Promise<[Answer]>, ended])
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), { name: answer.error.name })
    return answer.value as Value
  }

  return {
    run,
    folder,
    file(name, content) {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    call,
    upload: (path, options = {}) =>
      call('artifact', 'uploadArtifact', 'ignored', [path], folder, { skipArchive: true, ...options }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill()
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `github` has two methods, `request` and `paginate`, each with a route and its parameters. */
async function clientOf(library: Library): Promise<Readonly<Record<string, unknown>>> {
  switch (library) {
    case 'artifact':
      return new (await import('@actions/artifact')).DefaultArtifactClient() as unknown as Record<string, unknown>
    case 'cache':
      return import('@actions/cache')
    case 'github': {
      const { request, paginate } = (await import('@actions/github')).getOctokit(process.env.TEST_TOKEN ?? '')
      return { request, paginate }
    }
  }
}

async function serve({ library, method, args }: Call): Promise<Answer> {
  try {
    const client = await clientOf(library)
    const value: unknown = await Reflect.apply(client[method] as () => unknown, client, args)
    return { value }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    return { error: { name, message } }
  }
}

if (process.argv[2] === '--serve') {
  process.on('message', (call: Call) => {
    serve(call).then(answer => process.send?.(answer))
  })
}
