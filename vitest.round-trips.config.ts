import { defineConfig } from 'vitest/config'
import { NODE_FLAGS } from './test/support/node-flags.ts'

/** Round trips alone, which need none of the servers that other tests share: for containers of all images, `npm run test:round-trips`. */
export default defineConfig({
  test: { include: ['test/round-trips/**/*.long.test.ts'], execArgv: [...NODE_FLAGS], hookTimeout: 120_000 },
})
