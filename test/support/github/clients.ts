/**
 * The real clients (@actions/artifact, @actions/cache, @actions/github) in a process of their own, as they read the environment
 * when they are imported. Run as a program it is that process, and takes calls over IPC.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

type Library = 'artifact' | 'cache' | 'github'

interface Call {
  readonly library: Library
  readonly method: string
  readonly args: readonly unknown[]
}

type Answer = { readonly value: unknown } | { readonly error: { readonly name: string; readonly message: string } }

export interface Clients extends AsyncDisposable {
  readonly child: ChildProcess
  /** `artifact.uploadArtifact(...)`; what it throws comes back as an Error of that name. One call at a time. */
  call<Value>(library: Library, method: string, ...args: readonly unknown[]): Promise<Value>
}

export function startClients(environment: Readonly<Record<string, string>>): Clients {
  const child = fork(import.meta.filename, ['--serve'], {
    // Of the machine's own environment only the way to tar, which the cache needs.
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    child,
    async call<Value>(library: Library, method: string, ...args: readonly unknown[]) {
      child.send({ library, method, args } satisfies Call)
      const [answer]: [Answer] = await Promise.race([
        once(child, 'message') as Promise<[Answer]>,
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`the clients ended with ${code}`))),
      ])
      if ('error' in answer) throw Object.assign(new Error(answer.error.message), { name: answer.error.name })
      return answer.value as Value
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
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
