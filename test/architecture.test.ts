/** Who may import whom. The rules are the design's; a new file falls under its folder's rule by itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')
const ADAPTER = /^(store|postgres|files|config|old-scheme)\//

/** What a file may import of ours, by its own path; the first rule that fits counts. A folder may always import itself. */
const RULES: readonly { readonly of: RegExp; readonly may: RegExp }[] = [
  { of: /^(errors|version|make-folder|run-mark)\.ts$/, may: /^$/ },
  { of: /^temporary-folder\.ts$/, may: /^run-mark\.ts$/ },
  { of: /^format\//, may: /^errors\.ts$/ },
  { of: /^store\//, may: /^(errors|make-folder|temporary-folder|format\/sizes)\.ts$/ },
  // The configuration component is an archive of files, too.
  { of: /^config\//, may: /^(errors\.ts|engine\/(ports|proof)\.ts|format\/sizes\.ts|files\/)/ },
  {
    of: /^(postgres|files)\//,
    may: /^(errors|make-folder|run-mark|temporary-folder|engine\/(ports|proof|migration)|format\/sizes)\.ts$/,
  },
  { of: /^old-scheme\//, may: /^(errors|format\/manifest|format\/sizes)\.ts$/ },
  { of: /^repository\//, may: /^(errors\.ts|format\/|store\/store\.ts)/ },
  { of: /^report\//, may: /^(errors\.ts|engine\/(ports|proof|migration)\.ts|format\/)/ },
  { of: /^engine\//, may: /^(errors\.ts|format\/|repository\/|store\/store\.ts|report\/([\w-]*report|proof)\.ts)/ },
  { of: /^(options|option-values|options-table|key-file|git-ignore)\.ts$/, may: /^(errors|format\/\w+)\.ts$/ },
  { of: /^(job|job-copy|job-old-scheme|job-report|job-restore|job-verify|open-store|open-component)\.ts$/, may: /./ },
  { of: /^job-context\.ts$/, may: /^engine\/progress\.ts$|^format\// },
  { of: /^init\//, may: /^(errors|git-ignore|job-context|options)\.ts$|^report\/|^format\// },
  {
    of: /^(nearest)\.ts$/,
    may: /^$/,
  },
  // What the terminal and the Action have in common.
  {
    of: /^run\//,
    may: /^(job|job-context|options|option-values|options-table|errors|version|nearest|make-folder)\.ts$|^engine\/progress\.ts$|^format\/\w+\.ts$|^report\//,
  },
  {
    of: /^(cli|action)\//,
    may: /^(job|job-context|options|option-values|options-table|errors|version|nearest)\.ts$|^engine\/progress\.ts$|^format\/\w+\.ts$|^report\/|^run\//,
  },
]

/** Inside of the database adapter: the ways stand on connection and schema, and know nothing of each other. */
const POSTGRES_LAYERS: readonly { readonly of: RegExp; readonly not: RegExp }[] = [
  { of: /^postgres\/connection\//, not: /^postgres\/(schema|dump|restore|script)(\/|\.ts)/ },
  { of: /^postgres\/schema\//, not: /^postgres\/(dump|restore|script)(\/|\.ts)/ },
  { of: /^postgres\/dump(\/|\.ts)/, not: /^postgres\/(restore|script|proof)(\/|\.ts)/ },
  { of: /^postgres\/restore(\/|\.ts)/, not: /^postgres\/(dump|script|proof|migrate)(\/|\.ts)/ },
  { of: /^postgres\/script(\/|\.ts)/, not: /^postgres\/(dump|restore|proof|migrate)(\/|\.ts)/ },
  { of: /^postgres\/migrate\//, not: /^postgres\/(restore|script|proof)(\/|\.ts)/ },
]

/** Libraries and builtins that belong to one place. */
const OWNED: readonly { readonly library: RegExp; readonly by: RegExp }[] = [
  { library: /^@actions\//, by: /^(action\/|store\/artifact)/ },
  { library: /^pg(-|$)|^@electric-sql\//, by: /^postgres\// },
  { library: /^tar$/, by: /^(files|config)\// },
  { library: /^picomatch$/, by: /^(files|config|postgres)\// },
  { library: /^diff$/, by: /^(config|postgres)\// },
  { library: /^@aws-sdk\//, by: /^store\/s3/ },
]

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .sort()
const imports = new Map(files.map(file => [file, importsOf(file)]))

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    match => match[1] ?? match[2] ?? '',
  )
}

function own(file: string): readonly string[] {
  return (imports.get(file) ?? [])
    .filter(name => name.startsWith('.'))
    .map(name => relative(SRC, resolve(SRC, dirname(file), name)))
}

describe('the architecture', () => {
  test.each(files)('%s imports only what its layer may', file => {
    const rule = RULES.find(({ of }) => of.test(file))
    expect(rule, 'a folder without a rule').toBeDefined()
    const area = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')
    const strange = own(file).filter(other => area(other) !== area(file) && !rule?.may.test(other))
    const upwards = POSTGRES_LAYERS.filter(({ of }) => of.test(file)).flatMap(({ not }) =>
      own(file).filter(other => not.test(other)),
    )
    expect([...strange, ...upwards]).toEqual([])
  })

  test.each(files)('%s uses only the libraries that are its own', file => {
    const strange = (imports.get(file) ?? []).filter(name =>
      OWNED.some(({ library, by }) => library.test(name) && !by.test(file)),
    )
    expect(strange).toEqual([])
  })

  test.each(files)('%s reads the environment only at the edges', file => {
    const text = readFileSync(join(SRC, file), 'utf8')
    if (!/^(cli|action)\//.test(file)) expect(text).not.toMatch(/process\.env|from 'node:process'/)
  })

  test('job.ts and its two openers alone name concrete adapters', () => {
    const others = files.filter(
      file =>
        !/^(job|job-copy|job-old-scheme|job-report|job-restore|job-verify|open-store|open-component)\.ts$/.test(file) &&
        !ADAPTER.test(file),
    )
    const named = others.flatMap(file =>
      own(file)
        .filter(other => ADAPTER.test(other) && other !== 'store/store.ts')
        .map(other => `${file} -> ${other}`),
    )
    expect(named).toEqual([])
  })

  test('no import goes in a circle', () => {
    const done = new Set<string>()
    const path: string[] = []
    const visit = (file: string): void => {
      const start = path.indexOf(file)
      expect(start < 0 ? [] : [...path.slice(start), file]).toEqual([])
      if (done.has(file)) return
      path.push(file)
      for (const other of own(file)) visit(other)
      path.pop()
      done.add(file)
    }
    for (const file of files) visit(file)
  })
})
