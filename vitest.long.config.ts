import { defineConfig } from 'vitest/config'
import standard, { LONG } from './vitest.config.ts'

/** Files that try more where they are told to be thorough. */
const THOROUGH = [
  'test/postgres/restore/**/*.test.ts',
  'test/postgres/migrate/run-migration.test.ts',
  'test/postgres/proof/compare-database.test.ts',
  'test/integration/{cancel,database,safety}.test.ts',
]

export default defineConfig({
  test: { ...standard.test, include: [LONG, ...THOROUGH], exclude: [], provide: { thorough: true } },
})
