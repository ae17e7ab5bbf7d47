import { defineConfig } from 'vitest/config'
import standard, { LONG } from './vitest.config.ts'

export default defineConfig({ test: { ...standard.test, include: [LONG], exclude: [] } })
