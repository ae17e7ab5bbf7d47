/** Calls as no real client makes them: forged, stale, out of order. */
import type { GitHub, Run } from './github.ts'

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService'

export interface Wire {
  /** Status and parsed body. */
  call(
    method: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }>
  /** The URL that the artifact's bytes go to. */
  create(name: string, more?: object): Promise<string>
  finalize(name: string, size: number): Promise<number>
  /** Status and Azure's code of `PUT url&query`. */
  put(
    url: string,
    query: string,
    body: string,
    headers?: Record<string, string>,
  ): Promise<readonly [number, string | null]>
}

export function wire(github: GitHub, run: Run, token = github.environment(run).ACTIONS_RUNTIME_TOKEN): Wire {
  const ids = { workflow_run_backend_id: run.backendId, workflow_job_run_backend_id: run.jobId }

  const call: Wire['call'] = async (method, body = {}) => {
    const response = await fetch(`${github.url}${SERVICE}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ ...ids, ...body }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }

  return {
    call,
    async create(name, more = {}) {
      const { status, body } = await call('CreateArtifact', {
        name,
        version: 7,
        mime_type: 'application/x-test',
        ...more,
      })
      if (body.signed_upload_url === undefined) throw new Error(`CreateArtifact answered ${status}: ${body.msg}`)
      return body.signed_upload_url
    },
    async finalize(name, size) {
      return (await call('FinalizeArtifact', { name, size: String(size) })).status
    },
    async put(url, query, body, headers = {}) {
      const response = await fetch(`${url}&${query}`, { method: 'PUT', body, headers })
      await response.arrayBuffer()
      return [response.status, response.headers.get('x-ms-error-code')]
    },
  }
}

/** The address of the artifact's bytes, as REST's redirection names it. */
export async function downloadUrl(github: GitHub, id: number): Promise<string> {
  const response = await fetch(`${github.url}/repos/${github.repository}/actions/artifacts/${id}/zip`, {
    headers: { authorization: `Bearer ${github.token}` },
    redirect: 'manual',
  })
  const location = response.headers.get('location')
  if (location === null) throw new Error(`No redirection but ${response.status}`)
  return location
}
