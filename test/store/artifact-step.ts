/** A program that stores an object as a step of the Action does, and says what became of it over IPC. */
import { openArtifactStore } from '../../src/store/artifact.ts'

const { env } = process
const store = openArtifactStore({
  repository: env.GITHUB_REPOSITORY ?? '',
  token: env.TEST_TOKEN,
  github: {
    apiUrl: env.GITHUB_API_URL ?? '',
    serverUrl: env.GITHUB_SERVER_URL ?? '',
    repository: env.GITHUB_REPOSITORY,
    run: { id: env.GITHUB_RUN_ID ?? '', attempt: env.GITHUB_RUN_ATTEMPT ?? '', retentionDays: 90 },
  },
  temporary: env.RUNNER_TEMP ?? '',
  retention: { days: 60, backupDays: 30 },
  allowPublic: false,
  warn: () => {},
})

const size = Number(process.argv[2])
const objects = Number(process.argv[3])
const lanes = Number(process.argv[4])
const body = [Buffer.alloc(size, 'x')]
const begun = performance.now()
let next = 0
async function lane(): Promise<void> {
  while (next < objects) await store.put(`database/b1/pack-${next++}`, body)
}
await Promise.all(Array.from({ length: lanes }, lane))
process.send?.({ milliseconds: performance.now() - begun, memory: process.resourceUsage().maxRSS * 1024 })
process.disconnect?.()
