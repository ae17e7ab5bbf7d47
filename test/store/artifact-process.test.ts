/** What a put does to the process that makes it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'

const MiB = 1024 * 1024

async function step(place: ArtifactPlace, ...args: readonly number[]) {
  const child = fork(join(import.meta.dirname, 'artifact-step.ts'), args.map(String), {
    env: {
      PATH: process.env.PATH,
      ...place.github.environment(place.run),
      TEST_TOKEN: place.github.token,
      RUNNER_TEMP: place.temporary,
      // The runner shows debug messages then.
      RUNNER_DEBUG: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // One that does not end by itself must not outlive the test.
    signal: AbortSignal.timeout(50_000),
  })
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('no pipes')
  const figures = once(child, 'message').then(([message]) => message as { milliseconds: number; memory: number })
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`)
  return { out, err, ...(await figures) }
}

it("writes nothing of the client's to the log, and lets the process end by itself", async () => {
  await using place = await artifactPlace()
  const { out, err } = await step(place, 1000, 3, 2)
  expect([out, err]).toEqual(['', ''])
  expect(place.github.artifacts).toHaveLength(3)
})

it('holds no more than packs in flight in memory, however many there are', async () => {
  await using place = await artifactPlace()
  const { memory } = await step(place, 16 * MiB, 16, 2)
  expect(place.github.artifacts).toHaveLength(16)
  expect(memory).toBeLessThan(400 * MiB)
})
