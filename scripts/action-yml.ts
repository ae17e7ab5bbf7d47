/** Writes action.yml from the tables of options, inputs and outputs. `test/action-yml.test.ts` holds it equal. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { actionMetadata } from '../src/action/metadata.ts'

export const ACTION_YML = join(import.meta.dirname, '..', 'action.yml')
const HEADER = '# Written by `npm run readme` from src/options.ts; test/action-yml.test.ts holds it equal.\n'

export function actionYml(): string {
  return HEADER + stringify(actionMetadata(), { lineWidth: 0, singleQuote: true })
}

if (import.meta.main) writeFileSync(ACTION_YML, actionYml())
