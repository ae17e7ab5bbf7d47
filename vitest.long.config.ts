import { defineConfig } from 'vitest/config'
import standard, { LONG } from './vitest.config.ts'

/** Files that try more where they are told to be thorough. */
const THOROUGH = [
  'test/postgres/restore/**/*.test.ts',
  'test/postgres/{dump,dump/extension-rows,values,database-locale,connection/session-settings,schema/pg-dump,migrate/proxy,migrate/run-migration,proof/compare-database}.test.ts',
  'test/integration/{cancel,database,safety}.test.ts',
  'test/old-scheme/database.test.ts',
]

export default defineConfig({
  test: { ...standard.test, include: [LONG, ...THOROUGH], exclude: [], provide: { thorough: true } },
})
