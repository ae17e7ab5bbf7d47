/**
 * Builds `dist/`: tsc emits JavaScript into `build/`, ncc bundles each entry with its libraries into one file. The result is
 * committed, so it must not depend on the machine: CI compares it with a fresh build.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const require = createRequire(import.meta.url)
const root = resolve(import.meta.dirname, '..')
const build = join(root, 'build')
const dist = join(root, 'dist')

function run(program: string, ...args: string[]): void {
  execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

function bundle(entry: string, out: string): void {
  run(require.resolve('@vercel/ncc/dist/ncc/cli.js'), 'build', join(build, entry), '--out', out, '--no-cache')
}

rmSync(build, { recursive: true, force: true })
run(join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc'), '-p', 'tsconfig.build.json')
// Sources that don't compile leave the old bundle in place.
rmSync(dist, { recursive: true, force: true })
// ncc emits ES modules where the nearest package.json says so.
writeFileSync(join(build, 'package.json'), '{ "type": "module" }\n')

bundle('cli/main.js', join(dist, 'cli'))
bundle('action/main.js', join(dist, 'action'))
chmodSync(join(dist, 'cli', 'index.js'), 0o755)

// pg_dump runs in a worker thread, which needs a file of its own. Its package goes beside it as it is: ncc's interop breaks it.
const worker = join(build, 'worker')
bundle('postgres/schema/pg-dump-worker.js', worker)
const tools = dirname(require.resolve('@electric-sql/pglite-tools/pg_dump'))
const entry = readFileSync(join(tools, 'pg_dump.js'), 'utf8')
const chunks = [...entry.matchAll(/from"\.\/([^"]+)"/g)].map(match => match[1] ?? '')
for (const program of ['cli', 'action']) {
  copyFileSync(join(worker, 'index.js'), join(dist, program, 'pg-dump-worker.js'))
  for (const file of ['pg_dump.js', 'pg_dump.wasm', ...chunks])
    copyFileSync(join(tools, file), join(dist, program, file))
}

// GitHub's client uploads in a thread of its own; only the Action may upload.
const uploader = join(build, 'uploader')
bundle('store/artifact-upload-worker.js', uploader)
copyFileSync(join(uploader, 'index.js'), join(dist, 'action', 'artifact-upload-worker.js'))

// So does its cache client.
const cacher = join(build, 'cacher')
bundle('action/cache-worker.js', cacher)
copyFileSync(join(cacher, 'index.js'), join(dist, 'action', 'cache-worker.js'))
