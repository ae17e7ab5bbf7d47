import { defineConfig } from 'vitest/config'
import { NODE_FLAGS } from './test/support/node-flags.ts'

/** Every fault at every moment: `npm run test:long`, and a job of its own in CI. */
export const LONG = 'test/**/*.long.test.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [LONG],
    globalSetup: 'test/support/global-setup.ts',
    provide: { thorough: false },
    execArgv: [...NODE_FLAGS],
    // Real servers and child processes share the machine's cores: a few files side by side, no more.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
