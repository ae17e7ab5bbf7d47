/** One server of each tested major for the whole test run; each test makes its own databases on them. */
import type { TestProject } from 'vitest/node'
import { startNewest } from './newest.ts'
import { startServer } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres14: string
    /** Debian's, whose security releases come sooner than npm's. */
    postgres15: string
    postgres18: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server14, server15, server18] = await Promise.all([startServer(14), startNewest15(), startServer(18)])
  project.provide('postgres14', server14.url())
  project.provide('postgres15', server15.url())
  project.provide('postgres18', server18.url())
  return async () => {
    await Promise.all([server14, server15, server18].map(server => server.stop()))
  }
}

/** On a developer's machine without Debian's, the one from npm. */
async function startNewest15() {
  return await startNewest(15).catch((error: unknown) => {
    if (process.env.CI !== undefined) throw error
    console.warn(`PostgreSQL 15 is npm's, not the newest: ${error instanceof Error ? error.message : error}`)
    return startServer(15)
  })
}
