/** One server of each tested major for the whole test run; each test makes its own databases on them. */
import type { TestProject } from 'vitest/node'
import { startServer } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres14: string
    postgres18: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server14, server18] = await Promise.all([startServer(14), startServer(18)])
  project.provide('postgres14', server14.url())
  project.provide('postgres18', server18.url())
  return async () => {
    await Promise.all([server14.stop(), server18.stop()])
  }
}
