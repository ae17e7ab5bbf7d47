/** Writes all that is generated for people: action.yml, and the tables of README.md that stand between markers. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inputsTable, outputsTable } from '../src/action/metadata.ts'
import { optionsTable } from '../src/options-table.ts'
import { ACTION_YML, actionYml } from './action-yml.ts'

export const README = join(import.meta.dirname, '..', 'README.md')

/** `test/readme.test.ts` holds them equal. */
export function withTables(text: string): string {
  return [
    ['options', optionsTable()],
    ['inputs', inputsTable()],
    ['outputs', outputsTable()],
  ].reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- /${name} -->`),
        () => `<!-- ${name} -->\n\n${table}\n<!-- /${name} -->`,
      ),
    text,
  )
}

if (import.meta.main) {
  writeFileSync(README, withTables(readFileSync(README, 'utf8')))
  writeFileSync(ACTION_YML, actionYml())
}
