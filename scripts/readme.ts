/** Writes the tables of README.md that stand between markers. `test/readme.test.ts` holds them equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsTable } from '../src/options-table.ts'

export const README = join(import.meta.dirname, '..', 'README.md')

export function withTables(text: string): string {
  return text.replace(
    /<!-- options -->\n[\s\S]*?<!-- \/options -->/,
    `<!-- options -->\n\n${optionsTable()}\n<!-- /options -->`,
  )
}

if (import.meta.main) writeFileSync(README, withTables(readFileSync(README, 'utf8')))
