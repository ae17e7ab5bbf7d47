/** ArtifactService: what an Action may do with the artifacts of its own run. */
import { randomBytes } from 'node:crypto'
import type { ArtifactRecord, Run } from './records.ts'
import { Refusal } from './refusal.ts'
import { type Backend, numberOf, stringOf, type TwirpBody, type TwirpService } from './twirp.ts'

const DAY = 86_400_000
const ZIP = 'application/zip'
/** A signed URL that is asked for inside of the run lives longer than that of REST. */
const IN_RUN_FACTOR = 10
/** Types that github.com is known to refuse: actions/toolkit#2324. */
const REFUSED_TYPES = /vnd\.|x-7z/
const FORBIDDEN_IN_NAMES = /[":<>|*?\r\n\\/]/

export function artifactService(backend: Backend): TwirpService {
  const { settings, records, blobs, sign } = backend
  const { artifacts } = records

  const ofRun = (run: Run) => artifacts.filter(other => other.run.backendId === run.backendId && !other.deleted)
  const listed = (run: Run) => ofRun(run).filter(({ finished, expiresAt }) => finished && expiresAt > settings.now())

  function named(run: Run, body: TwirpBody): ArtifactRecord {
    const found = listed(run).findLast(({ name }) => name === body.name)
    if (found === undefined) throw new Refusal(404, 'not_found', 'artifact not found')
    return found
  }

  function checkQuota(): void {
    const used = artifacts
      .filter(({ deleted, expiresAt }) => !deleted && expiresAt > settings.now())
      .reduce((sum, { finished }) => sum + (finished?.size ?? 0), 0)
    if (used < settings.quotaBytes) return
    throw new Refusal(403, 'permission_denied', 'insufficient usage to create artifact')
  }

  return {
    CreateArtifact(body, run) {
      ownRun(body, run)
      const name = stringOf(body.name)
      const mimeType = stringOf(body.mime_type) || ZIP
      if (name === '' || FORBIDDEN_IN_NAMES.test(name)) throw invalid(`the artifact name ${name} is not valid`)
      if (numberOf(body.version) >= 7 && REFUSED_TYPES.test(mimeType)) {
        throw invalid('mime_type a valid mime_type is required for this artifact version')
      }
      checkQuota()
      // Unfinished ones count: a name that was begun is burned for the rest of the run, whatever the attempt.
      if (ofRun(run).some(other => other.name === name)) {
        throw new Refusal(409, 'already_exists', 'an artifact with this name already exists on the workflow run')
      }
      if (ofRun(run).filter(other => other.run.jobId === run.jobId).length >= settings.artifactsPerJob) {
        throw invalid(`artifact limit of ${settings.artifactsPerJob} per job reached`)
      }
      const createdAt = settings.now()
      const latest = createdAt + settings.maxRetentionDays * DAY
      const asked = Date.parse(stringOf(body.expires_at))
      const folder = `${run.backendId}/workflow-job-run-${run.jobId}/artifacts`
      const artifact: ArtifactRecord = {
        id: records.nextId(),
        name,
        run,
        mimeType,
        blob: `${folder}/${randomBytes(32).toString('hex')}${mimeType === ZIP ? '.zip' : ''}`,
        createdAt,
        expiresAt: Number.isNaN(asked) ? latest : Math.min(asked, latest),
        finished: undefined,
        deleted: false,
      }
      artifacts.push(artifact)
      const url = sign({ blob: artifact.blob, permissions: 'cw' }, settings.uploadUrlSeconds)
      return { ok: true, signed_upload_url: url }
    },

    FinalizeArtifact(body, run) {
      ownRun(body, run)
      const artifact = ofRun(run).find(({ name, finished }) => name === body.name && finished === undefined)
      if (artifact === undefined) throw new Refusal(404, 'not_found', 'artifact not found')
      const size = blobs.find(artifact.blob)?.size
      const said = numberOf(body.size)
      if (size !== said) throw invalid(`the blob has ${size ?? 'no'} bytes, not ${said}`)
      artifact.finished = { size, digest: stringOf(body.hash) || undefined }
      return { ok: true, artifact_id: String(artifact.id) }
    },

    ListArtifacts(body, run) {
      ownRun(body, run)
      const name = stringOf(body.name_filter)
      const id = stringOf(body.id_filter)
      const found = listed(run).filter(other => (!name || other.name === name) && (!id || String(other.id) === id))
      return { artifacts: found.map(entry) }
    },

    GetSignedArtifactURL(body, run) {
      ownRun(body, run)
      return { signed_url: downloadUrl(backend, named(run, body), settings.downloadUrlSeconds * IN_RUN_FACTOR) }
    },

    async DeleteArtifact(body, run) {
      ownRun(body, run)
      const artifact = named(run, body)
      await deleteArtifact(backend, artifact)
      return { ok: true, artifact_id: String(artifact.id) }
    },
  }
}

/** A signed URL whose download has the artifact's name and type. */
export function downloadUrl({ sign }: Backend, { name, mimeType, blob }: ArtifactRecord, seconds: number): string {
  const file = mimeType === ZIP && !name.endsWith('.zip') ? `${name}.zip` : name
  const plain = file.replace(/[^\x20-\x7e]/g, '_')
  const disposition = `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(file)}`
  return sign({ blob, permissions: 'r', disposition, type: mimeType }, seconds)
}

export async function deleteArtifact({ blobs }: Backend, artifact: ArtifactRecord): Promise<void> {
  artifact.deleted = true
  await blobs.remove(artifact.blob)
}

function entry({ id, name, run, createdAt, finished }: ArtifactRecord) {
  return {
    workflow_run_backend_id: run.backendId,
    workflow_job_run_backend_id: run.jobId,
    database_id: String(id),
    name,
    size: String(finished?.size),
    created_at: new Date(createdAt).toISOString(),
    digest: finished?.digest,
  }
}

/** The token is for one run; another run's artifacts are out of its reach. */
function ownRun(body: TwirpBody, run: Run): void {
  if (body.workflow_run_backend_id === run.backendId) return
  throw new Refusal(403, 'permission_denied', 'the token is for another run')
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'invalid_argument', message)
}
