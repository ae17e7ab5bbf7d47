/**
 * Builds `dist/`: tsc emits JavaScript into `build/`, ncc bundles each entry with its libraries into one file. The result is
 * committed, so it must not depend on the machine: CI compares it with a fresh build.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'

const require = createRequire(import.meta.url)
const root = resolve(import.meta.dirname, '..')
const build = join(root, 'build')
const made = join(build, 'dist')
const dist = join(root, 'dist')

function run(program: string, ...args: string[]): void {
  execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

function bundle(entry: string, out: string, ...flags: string[]): void {
  run(require.resolve('@vercel/ncc/dist/ncc/cli.js'), 'build', join(build, entry), '--out', out, '--no-cache', ...flags)
}

/** A thread needs a file of its own, beside the program that starts it. */
function bundleWorker(entry: string, programs: readonly string[], ...flags: string[]): void {
  const out = join(build, 'worker', entry)
  bundle(entry, out, ...flags)
  for (const program of programs) copyFileSync(join(out, 'index.js'), join(made, program, basename(entry)))
}

rmSync(build, { recursive: true, force: true })
run(join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc'), '-p', 'tsconfig.build.json')
// ncc emits ES modules where the nearest package.json says so.
writeFileSync(join(build, 'package.json'), '{ "type": "module" }\n')

bundle('cli/main.js', join(made, 'cli'))
bundle('action/main.js', join(made, 'action'))
chmodSync(join(made, 'cli', 'index.js'), 0o755)

// pg_dump's package goes beside its worker as it is: ncc's interop breaks it.
bundleWorker('postgres/schema/pg-dump-worker.js', ['cli', 'action'])
const tools = dirname(require.resolve('@electric-sql/pglite-tools/pg_dump'))
const entry = readFileSync(join(tools, 'pg_dump.js'), 'utf8')
const chunks = [...entry.matchAll(/from"\.\/([^"]+)"/g)].map(match => match[1] ?? '')
for (const program of ['cli', 'action']) {
  for (const file of ['pg_dump.js', 'pg_dump.wasm', ...chunks])
    copyFileSync(join(tools, file), join(made, program, file))
}

// GitHub's client runs in a thread of the Action. Nearly all of this file is not ours, so nobody reviews it as text.
bundleWorker('store/artifact-upload-worker.js', ['action'], '--minify')

// Only now: whatever fails above leaves the old bundles in place.
rmSync(dist, { recursive: true, force: true })
renameSync(made, dist)
