/** `ACTIONS_RUNTIME_TOKEN`: a JWT (HS256) whose scope names the run and the job that it is for. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Refusal } from './refusal.ts'

const LIFE_SECONDS = 6 * 3600

export interface TokenScope {
  readonly backendId: string
  readonly jobId: string
}

export function issueRuntimeToken(secret: Buffer, { backendId, jobId }: TokenScope, now: number): string {
  const seconds = Math.floor(now / 1000)
  const head = encode({ alg: 'HS256', typ: 'JWT' })
  const claims = encode({
    scp: `Actions.ExampleScope Actions.Results:${backendId}:${jobId}`,
    nbf: seconds,
    exp: seconds + LIFE_SECONDS,
  })
  return `${head}.${claims}.${sign(secret, `${head}.${claims}`).toString('base64url')}`
}

/** Throws a 401 for a token that is not ours or is too old. */
export function readRuntimeToken(secret: Buffer, authorization: string | undefined, now: number): TokenScope {
  const [head = '', claims = '', signature = ''] = (authorization ?? '').replace(/^Bearer /, '').split('.')
  const right = sign(secret, `${head}.${claims}`)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw unauthenticated('bad runtime token')
  const { scp, exp }: { scp: string; exp: number } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  if (exp * 1000 <= now) throw unauthenticated('runtime token expired')
  const [, backendId = '', jobId = ''] = /Actions\.Results:([\w-]+):([\w-]+)/.exec(scp) ?? []
  return { backendId, jobId }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function sign(secret: Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

function unauthenticated(message: string): Refusal {
  return new Refusal(401, 'unauthenticated', message)
}
