/** The store under test, open on the fake server. */
import type { LookupFunction } from 'node:net'
import { openS3Store, type S3StoreOptions } from '../../../src/store/s3.ts'
import type { Store } from '../../../src/store/store.ts'
import { CREDENTIALS, DOMAIN, type FakeS3, type FakeS3Options, REGION, startFakeS3 } from './fake-s3.ts'

export interface S3Scene extends AsyncDisposable {
  readonly server: FakeS3
  readonly store: Store
  readonly warnings: string[]
  /** Another store on the same server. */
  open(options?: Partial<S3StoreOptions>): Store
}

export async function s3Scene(server: FakeS3Options = {}, options: Partial<S3StoreOptions> = {}): Promise<S3Scene> {
  const fake = await startFakeS3(server)
  const warnings: string[] = []
  const open = (more: Partial<S3StoreOptions> = {}) =>
    openS3Store({
      bucket: fake.bucket,
      prefix: 'some/prefix',
      endpoint: fake.endpoint,
      region: REGION,
      pathStyle: true,
      credentials: CREDENTIALS,
      warn: message => warnings.push(message),
      ...options,
      ...more,
    })
  return { server: fake, store: open(), warnings, open, [Symbol.asyncDispose]: () => fake.close() }
}

/** The endpoint under a name, below which each bucket has a host of its own; and the way there. */
export function virtualHosts(server: FakeS3): Pick<S3StoreOptions, 'endpoint' | 'pathStyle' | 'lookup'> {
  const lookup: LookupFunction = (_, { all }, callback) =>
    all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
  return { endpoint: `http://${DOMAIN}:${server.port}`, pathStyle: false, lookup }
}
