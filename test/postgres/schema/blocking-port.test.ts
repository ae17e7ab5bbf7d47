import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { answer } from '../../../src/postgres/schema/blocking-port.ts'

const MODULE = new URL('../../../src/postgres/schema/blocking-port.ts', import.meta.url).href

test('who waits for an answer sleeps on when woken for the one before', async () => {
  const { port1: port, port2 } = new MessageChannel()
  const flag = new SharedArrayBuffer(4)
  const script = `
    import { parentPort, workerData } from 'node:worker_threads'
    import { askAndSleep } from ${JSON.stringify(MODULE)}
    parentPort.postMessage([1, 2, 3].map(n => askAndSleep(workerData, Uint8Array.of(n))[0]))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: { flag, port: port2 },
    transferList: [port2],
  })
  port.on('message', async (bytes: Uint8Array) => {
    for (let i = 0; i < 5; i++) {
      await sleep(10)
      Atomics.notify(new Int32Array(flag), 0)
    }
    answer({ flag, port }, Uint8Array.of((bytes[0] ?? 0) * 10))
  })
  const [answers] = await once(worker, 'message')
  port.close()
  await worker.terminate()
  expect(answers).toEqual([10, 20, 30])
})
