/** Blob URLs that carry their own permission and end, as Azure's shared access signatures do. */
import { createHmac } from 'node:crypto'
import { Refusal } from './refusal.ts'

export const BLOB_PATH = '/actions-results/'

export interface Grant {
  readonly blob: string
  /** `r` to read, `cw` to create and write. */
  readonly permissions: 'r' | 'cw'
  /** Milliseconds since the epoch. */
  readonly until: number
  /** Headers that the download will have. */
  readonly disposition?: string
  readonly type?: string
}

export function signUrl(secret: Buffer, origin: string, grant: Grant): string {
  const query = new URLSearchParams({
    sp: grant.permissions,
    se: new Date(grant.until).toISOString(),
    sr: 'b',
    sv: '2025-11-05',
    ...(grant.disposition === undefined ? {} : { rscd: grant.disposition }),
    ...(grant.type === undefined ? {} : { rsct: grant.type }),
  })
  query.set('sig', signature(secret, grant.blob, query))
  return `${origin}${BLOB_PATH}${grant.blob.split('/').map(encodeURIComponent).join('/')}?${query}`
}

/** The name of the blob; throws a 403 if the URL is forged, too old or for something else. */
export function checkSignedUrl(secret: Buffer, url: URL, needed: 'r' | 'w', now: number): string {
  const blob = url.pathname.slice(BLOB_PATH.length).split('/').map(decodeURIComponent).join('/')
  const query = url.searchParams
  const forged = query.get('sig') !== signature(secret, blob, query)
  if (forged || Date.parse(query.get('se') ?? '') <= now) throw new Refusal(403, 'AuthenticationFailed')
  if (!query.get('sp')?.includes(needed)) throw new Refusal(403, 'AuthorizationPermissionMismatch')
  return blob
}

function signature(secret: Buffer, blob: string, query: URLSearchParams): string {
  const signed = ['sp', 'se', 'rscd', 'rsct'].map(name => query.get(name) ?? '')
  return createHmac('sha256', secret)
    .update([blob, ...signed].join('\n'))
    .digest('base64')
}
