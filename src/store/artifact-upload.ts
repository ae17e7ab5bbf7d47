/**
 * Puts objects as artifacts. Only a step of the Action can: GitHub gives the token for it to nobody else. A name that was
 * created and not finished is burned for the rest of the run, so each try has a name of its own; before another one is
 * begun, the earlier names are looked up, because what had failed may have been the answer alone.
 */
import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ComebackError, hasCode } from '../errors.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { ArtifactApi } from './artifact-api.ts'
import type { Catalogue } from './artifact-catalogue.ts'
import { type ArtifactName, artifactName } from './artifact-names.ts'
import type { Retention } from './artifact-retention.ts'
import { isNameTaken, MOST_PER_JOB, tooMany, uploadError } from './artifact-upload-error.ts'
import type { Upload, UploadOutcome } from './artifact-upload-thread.ts'
import { attempting, checkCancelled } from './local-error.ts'

/** Names that may be burned in a row before the run is given up. */
const MOST_TURNS = 20

export interface UploaderOptions {
  readonly api: ArtifactApi
  readonly catalogue: Catalogue
  readonly retention: Retention
  readonly upload: Upload
  readonly run: { readonly id: string; readonly attempt: string }
  /** Folder in which each upload makes one of its own. */
  readonly temporary: string
  readonly now: () => number
}

interface Body {
  readonly object: string
  readonly parts: readonly Uint8Array[]
  readonly size: number
  readonly digest: string
}

/** Puts an object: `already-exists`, `store-full`, `store-unavailable`, `cancelled` and what GitHub may refuse. */
export type Put = (object: string, parts: readonly Uint8Array[], signal: AbortSignal | undefined) => Promise<void>

export function artifactUploader(options: UploaderOptions): Put {
  const { api, catalogue, retention, upload, run, temporary, now } = options
  /** Names of artifacts that were tried, by object; until one of them holds it. */
  const tried = new Map<string, string[]>()
  let created = 0

  /** True if an earlier try had succeeded. */
  async function adopt(name: string, body: Body, signal: AbortSignal | undefined): Promise<boolean> {
    for (const artifact of await api.named(name, signal)) {
      if (artifact.expired || artifact.object !== body.object || catalogue.isGone(artifact.id)) continue
      if (artifact.size !== body.size || artifact.digest !== body.digest) throw alreadyExists(body.object)
      catalogue.add(artifact)
      return true
    }
    return false
  }

  async function uploadAs(name: string, body: Body, signal: AbortSignal | undefined): Promise<UploadOutcome> {
    const folder = await attempting(`make a folder in ${temporary}`, () => temporaryFolder(temporary, 'upload'))
    try {
      const file = join(folder, name)
      await attempting(`write ${file}`, () => write(file, body.parts, signal))
      checkCancelled(signal)
      created++
      return await upload({ file, folder, days: retention.days }, signal)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async function accept(
    outcome: UploadOutcome & { type: 'uploaded' },
    body: Body,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { object, size, digest } = body
    const { id } = outcome
    if (id === undefined) throw strange(object, 'GitHub gave no id for it')
    if (outcome.size !== size || outcome.digest !== digest) {
      // It counts already, so it must go before anything else may have its name.
      await api.remove(id, signal)
      catalogue.forget(id)
      throw strange(object, 'what arrived is not what was sent')
    }
    const artifact = {
      id,
      run: run.id,
      object,
      size,
      digest,
      createdAt: undefined,
      expiresAt: undefined,
      expired: false,
    }
    const at = now()
    // Stored it is, even if GitHub does not say now how long it lives: that is asked again after the next upload.
    await retention.learn(api, artifact, at, signal).catch((error: unknown) => {
      if (!hasCode(error, 'store-unavailable', 'permission')) throw error
    })
    catalogue.add({ ...artifact, expiresAt: retention.expiry(at) })
  }

  return async (object, parts, signal) => {
    await catalogue.load(signal)
    const names = tried.get(object) ?? []
    const body = { object, parts, ...(await fingerprint(parts, signal)) }
    for (const name of names) {
      if (!(await adopt(name, body, signal))) continue
      tried.delete(object)
      return
    }
    if (catalogue.isTaken(object, run.id)) throw alreadyExists(object)
    tried.set(object, names)
    while (names.length < MOST_TURNS) {
      if (created >= MOST_PER_JOB) throw tooMany(object)
      const name = nameFor({ object, run: run.id, attempt: run.attempt, turn: names.length + 1 })
      names.push(name)
      const outcome = await uploadAs(name, body, signal)
      if (outcome.type === 'uploaded') {
        await accept(outcome, body, signal)
        tried.delete(object)
        return
      }
      if (!isNameTaken(outcome)) throw uploadError(outcome, object)
      if (!(await adopt(name, body, signal))) continue
      tried.delete(object)
      return
    }
    throw new ComebackError('failed', `Could not upload ${object}: ${MOST_TURNS} names in a row were refused.`, {
      hint: 'See githubstatus.com, then run the job again.',
    })
  }
}

export function alreadyExists(object: string): ComebackError {
  return new ComebackError('already-exists', `${object} exists already, and is never replaced.`)
}

function strange(object: string, reason: string): ComebackError {
  return new ComebackError('store-unavailable', `Could not upload ${object}: ${reason}.`, {
    hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
  })
}

function nameFor(parts: ArtifactName): string {
  const name = artifactName(parts)
  if (name !== undefined) return name
  throw new ComebackError('usage', `${parts.object} is too long for the name of an artifact.`)
}

/** Readable by its owner alone. */
async function write(file: string, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  for (const part of parts) {
    checkCancelled(signal)
    for (let written = 0; written < part.length; ) {
      written += (await handle.write(part, written)).bytesWritten
    }
  }
}

async function fingerprint(parts: readonly Uint8Array[], signal: AbortSignal | undefined) {
  const hash = createHash('sha256')
  let size = 0
  for (const part of parts) {
    checkCancelled(signal)
    hash.update(part)
    size += part.length
  }
  return { size, digest: hash.digest('hex') }
}
