/** Writes all that is generated for people: action.yml, and what stands between markers in README.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inputsTable, outputsTable } from '../src/action/metadata.ts'
import { PBKDF2_ITERATIONS } from '../src/format/keys.ts'
import { stockRecipe } from '../src/format/stock-recipe.ts'
import { optionsTable } from '../src/options-table.ts'
import { fetchRecipe } from '../src/report/fetch-recipe.ts'
import { ACTION_YML, actionYml } from './action-yml.ts'

export const README = join(import.meta.dirname, '..', 'README.md')

/** `test/readme.test.ts` holds them equal. */
export function withTables(text: string): string {
  return [
    ['options', `\n${optionsTable()}`],
    ['inputs', `\n${inputsTable()}`],
    ['outputs', `\n${outputsTable()}`],
    ['recipe', recipe()],
  ].reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- /${name} -->`),
        () => `<!-- ${name} -->\n${table}\n<!-- /${name} -->`,
      ),
    text,
  )
}

/** The recipe for a backup among artifacts. */
function recipe(): string {
  const stock = stockRecipe({ component: 'database', codec: 'gzip', iterations: PBKDF2_ITERATIONS })
  const place = { component: 'database', id: '20261123T020000Z-7f3a91', store: 'artifact:acme/shop' } as const
  return ['```sh', ...fetchRecipe(place, stock), '```'].join('\n')
}

if (import.meta.main) {
  writeFileSync(README, withTables(readFileSync(README, 'utf8')))
  writeFileSync(ACTION_YML, actionYml())
}
