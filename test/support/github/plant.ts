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
