/**
 * Uploads files with GitHub's own client, in a thread. The client cannot be cancelled, writes to the job's log, and throws an
 * error while reading its file where nobody can catch it, after which its promise never settles. Out here an uncaught
 * error ends this thread and nothing else, and the thread can be stopped at any moment.
 */
import { parentPort } from 'node:worker_threads'
import { DefaultArtifactClient } from '@actions/artifact'

export interface UploadRequest {
  /** Its last part becomes the artifact's name. */
  readonly file: string
  readonly folder: string
  readonly days: number
}

export type UploadAnswer =
  | {
      readonly type: 'uploaded'
      readonly id: number | undefined
      readonly size: number | undefined
      readonly digest: string | undefined
    }
  | { readonly type: 'failed'; readonly message: string; readonly status: number | undefined }

if (parentPort === null) throw new Error('artifact-upload-worker runs as a worker only')
const port = parentPort
// What the client logs for each block would bury the job's own log. This thread's output leads nowhere; reading it instead,
// on the other side, would keep the job from ending.
process.stdout.write = () => true
process.stderr.write = () => true

const client = new DefaultArtifactClient()

port.on('message', async ({ request, ...what }: UploadRequest & { readonly request: number }) => {
  port.postMessage({ request, ...(await upload(what)) })
})

async function upload({ file, folder, days }: UploadRequest): Promise<UploadAnswer> {
  try {
    const options = { skipArchive: true, retentionDays: days }
    const { id, size, digest } = await client.uploadArtifact('', [file], folder, options)
    return { type: 'uploaded', id, size, digest }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined
    return { type: 'failed', message, status }
  }
}
