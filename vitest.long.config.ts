import { defineConfig } from 'vitest/config'
import standard, { LONG } from './vitest.config.ts'

/** Files with tests of `MAJORS`. */
const OF_MAJORS = [
  'test/postgres/restore/**/*.test.ts',
  'test/integration/safety.test.ts',
  'test/postgres/migrate/run-migration.test.ts',
]

export default defineConfig({
  test: { ...standard.test, include: [LONG, ...OF_MAJORS], exclude: [], provide: { majors: [14, 18] } },
})
