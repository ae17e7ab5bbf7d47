/** What anybody's code in a run can do: upload any bytes as an artifact of any name. */
import type { GitHub, Run } from './github.ts'
import { wire } from './wire.ts'

export async function plant(github: GitHub, run: Run, name: string, bytes: Uint8Array): Promise<void> {
  const { create, finalize } = wire(github, run)
  const response = await fetch(await create(name), {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'x-ms-blob-type': 'BlockBlob' },
  })
  if (!response.ok) throw new Error(`The upload of ${name} was answered with ${response.status}.`)
  const status = await finalize(name, bytes.length)
  if (status !== 200) throw new Error(`FinalizeArtifact answered ${status}.`)
}

/** What anybody's code in a job of a branch can do: put any bytes into its cache. */
export async function plantCache(
  github: GitHub,
  run: Run,
  { key, version, bytes }: { readonly key: string; readonly version: string; readonly bytes: Uint8Array },
): Promise<void> {
  const { ACTIONS_RUNTIME_TOKEN: token } = github.environment(run)
  const call = async (method: string, more: object = {}) => {
    const response = await fetch(`${github.url}/twirp/github.actions.results.api.v1.CacheService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ key, version, ...more }),
    })
    if (!response.ok) throw new Error(`${method} answered ${response.status}.`)
    return (await response.json()) as { readonly signed_upload_url: string }
  }
  const { signed_upload_url: to } = await call('CreateCacheEntry')
  await fetch(to, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: new Uint8Array(bytes) })
  await call('FinalizeCacheEntryUpload', { size_bytes: String(bytes.length) })
}
