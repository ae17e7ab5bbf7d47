/** A stand-in for GitHub with stores on its artifacts: as a step of the Action sees them, and as the command line does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArtifactStoreOptions, openArtifactStore } from '../../src/store/artifact.ts'
import { withRetry } from '../../src/store/retry.ts'
import type { Store } from '../../src/store/store.ts'
import { type GitHub, type GitHubOptions, type Run, startGitHub } from '../support/github/github.ts'

export interface Warning {
  readonly message: string
  readonly hint: string
}

export interface ArtifactPlace extends AsyncDisposable {
  readonly github: GitHub
  readonly run: Run
  /** Must be empty after every put. */
  readonly temporary: string
  readonly warnings: readonly Warning[]
  /** Milliseconds slept between tries. */
  readonly waits: readonly number[]
  /** Of a step of the Action. */
  inAction(options?: Partial<ArtifactStoreOptions>, run?: Run): Store
  /** The same, patient. */
  patient(options?: Partial<ArtifactStoreOptions>): Store
  /** Of the command line. */
  outside(options?: Partial<ArtifactStoreOptions>): Store
}

export async function artifactPlace(settings: GitHubOptions = {}): Promise<ArtifactPlace> {
  const github = await startGitHub(settings)
  const run = github.newRun()
  const temporary = await mkdtemp(join(tmpdir(), 'comeback-artifact-'))
  const warnings: Warning[] = []
  const waits: number[] = []
  let entered: Run | undefined
  const sleep = async (milliseconds: number, signal: AbortSignal | undefined) => {
    waits.push(milliseconds)
    signal?.throwIfAborted()
  }

  const common: Omit<ArtifactStoreOptions, 'github'> = {
    repository: github.repository,
    token: github.token,
    temporary,
    retention: { days: 60, backupDays: 30 },
    allowPublic: false,
    warn: (message, hint) => warnings.push({ message, hint }),
    now: settings.now ?? Date.now,
    sleep,
  }
  const server = { apiUrl: github.url, serverUrl: 'https://github.com' }

  function inAction(options: Partial<ArtifactStoreOptions> = {}, of = run): Store {
    // GitHub's client reads the environment itself, in a thread that copies this one's when it starts: at the first put.
    const enter = () => {
      entered = of
      Object.assign(process.env, github.environment(of))
    }
    enter()
    const { id, attempt } = of
    const retentionDays = settings.maxRetentionDays
    const store = openArtifactStore({
      ...common,
      github: {
        ...server,
        repository: github.repository,
        run: { id: String(id), attempt: String(attempt), retentionDays },
      },
      ...options,
    })
    return {
      ...store,
      async put(...args) {
        if (entered !== of) enter()
        await store.put(...args)
      },
    }
  }

  return {
    github,
    run,
    temporary,
    warnings,
    waits,
    inAction,
    patient: options => withRetry(inAction(options), { sleep }),
    outside: options =>
      openArtifactStore({ ...common, github: { ...server, repository: undefined, run: undefined }, ...options }),
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]()
      await rm(temporary, { recursive: true, force: true })
    },
  }
}
