/**
 * Why an upload failed, in the terms of the store's contract. GitHub's client wraps every error into a plain one, so all that
 * is left of status and kind stands in its message.
 */
import { ComebackError, type ErrorCode } from '../errors.ts'
import type { UploadOutcome } from './artifact-upload-thread.ts'

/** GitHub's limit on artifacts. With packs of 16 MiB that is 7.8 GiB of new data. */
export const MOST_PER_JOB = 500

const TOKEN_REFUSED = "GitHub does not accept the job's own token"
const RUN_AGAIN = 'It is good for one job only: run the job again.'

type Failure = Exclude<UploadOutcome, { type: 'uploaded' }>

/** Whether the name was created in this run before, with or without success. */
export function isNameTaken(failure: Failure): boolean {
  return stepOf(failure) === 'CreateArtifact' && statusOf(failure) === 409
}

export function uploadError(failure: Failure, object: string): ComebackError {
  const { message } = failure
  const because = (code: ErrorCode, reason: string, hint: string) =>
    new ComebackError(code, `Could not upload ${object}: ${reason}.`, { hint, cause: new Error(message) })
  if (/quota has been hit|insufficient usage/i.test(message)) {
    return because(
      'store-full',
      'the storage for artifacts of this account is used up',
      'Remove old backups with comeback prune --apply, delete other artifacts, raise the limit in the billing settings, or use a bucket (--store s3://BUCKET/PREFIX). GitHub counts the usage anew only every 6 to 12 hours.',
    )
  }
  if (/\bACTIONS_(RUNTIME_TOKEN|RESULTS_URL)\b/.test(message)) {
    return because('unsupported', 'this is no step of the Action', ELSEWHERE)
  }
  if (/JWT token is invalid/.test(message)) return because('authentication', TOKEN_REFUSED, RUN_AGAIN)
  if (/not currently supported on GHES/.test(message)) {
    return because('unsupported', 'GitHub Enterprise Server has no such artifacts', 'Use --store s3://BUCKET/PREFIX.')
  }
  const status = statusOf(failure)
  if (stepOf(failure) === 'CreateArtifact' && status !== undefined) {
    if (status === 400 && /\blimit|\bmax/i.test(message)) return tooMany(object, new Error(message))
    if (status === 401) return because('authentication', TOKEN_REFUSED, RUN_AGAIN)
    if (status === 403) {
      return because('permission', `GitHub refuses it (${message})`, 'See whether Actions may store artifacts here.')
    }
    if (status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429) {
      return because('failed', message, 'See githubstatus.com, then run the job again.')
    }
  }
  // What fails after the name was created is worth another try under another name, a 403 too: GitHub had waves of them.
  return because(
    'store-unavailable',
    message.split('\n', 1).join(''),
    'Try again; githubstatus.com tells whether GitHub has trouble.',
  )
}

export const ELSEWHERE =
  'Use the Action (uses: … with command: backup), or another store: --store s3://BUCKET/PREFIX or --store file:DIR.'

export function tooMany(object: string, cause?: unknown): ComebackError {
  return new ComebackError(
    'store-full',
    `Could not upload ${object}: GitHub allows ${MOST_PER_JOB} artifacts a job, and this job has used them.`,
    {
      hint: 'Give each component a job of its own, exclude what needs no backup, or use a bucket: --store s3://BUCKET/PREFIX.',
      cause,
    },
  )
}

/** `CreateArtifact`, `FinalizeArtifact`. */
function stepOf({ message }: Failure): string | undefined {
  return /^Failed to (\w+):/.exec(message)?.[1]
}

function statusOf(failure: Failure): number | undefined {
  if (failure.type === 'failed' && failure.status !== undefined) return failure.status
  const status = /Failed request: \((\d{3})\)/.exec(failure.message)?.[1]
  return status === undefined ? undefined : Number(status)
}
