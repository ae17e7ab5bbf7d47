/** What GitHub's API answers, or whoever stands between. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { artifactApi } from '../../src/store/artifact-api.ts'
import { checkObjectName } from '../../src/store/object-name.ts'
import { type Target, target } from './target.ts'

const NAME = 'comeback~database~20261124T020000Z-7f3a91~manifest.json~7000000001-1.bin'

export async function listingTarget(): Promise<Target> {
  let answer = Buffer.alloc(0)
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api = artifactApi({
    repository: 'acme/app',
    token: 'token',
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    now: Date.now,
    sleep: async () => undefined,
    patience: 10_000,
    strangers: () => undefined,
  })
  const end = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
  }
  const read = async (bytes: Buffer): Promise<void> => {
    answer = Buffer.from(bytes)
    for (const { object, size, id } of await api.list()) {
      // Strange names are listed as nobody's; none may lead anywhere.
      checkObjectName(object)
      if (!Number.isInteger(size) || !Number.isInteger(id)) throw new Error('no number')
    }
  }
  return target('listing of artifacts', 5, [Buffer.from(JSON.stringify(LISTING))], read, { mutate: 'json', end })
}

const LISTING = {
  total_count: 2,
  artifacts: [1, 2].map(id => ({
    id,
    node_id: `MDg6${id}`,
    name: NAME,
    size_in_bytes: 1234,
    expired: false,
    created_at: '2026-11-24T02:00:00Z',
    expires_at: '2027-02-22T02:00:00Z',
    digest: `sha256:${'0'.repeat(64)}`,
    workflow_run: { id: 7000000001, repository_id: 1, head_repository_id: 1, head_branch: 'main', head_sha: 'abc' },
  })),
}
