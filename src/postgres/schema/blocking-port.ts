/**
 * A question from a thread that has to sleep until it is answered, and the answer: bytes go through a port, a shared word says
 * that an answer lies in it.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

export interface BlockingPort {
  /** One 32-bit word: 1 when an answer lies in the port. */
  readonly flag: SharedArrayBuffer
  readonly port: MessagePort
}

/** Hands the bytes over and sleeps. Returns the answer, nothing if the port was closed. */
export function askAndSleep({ flag, port }: BlockingPort, bytes: Uint8Array): Uint8Array {
  const word = new Int32Array(flag)
  Atomics.store(word, 0, 0)
  port.postMessage(bytes)
  // Not every waking is an answer: where the one before was seen ahead of its `notify`, that comes only now.
  while (Atomics.load(word, 0) === 0) Atomics.wait(word, 0, 0)
  return receiveMessageOnPort(port)?.message ?? new Uint8Array()
}

export function answer({ flag, port }: BlockingPort, bytes: Uint8Array): void {
  port.postMessage(bytes)
  const word = new Int32Array(flag)
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
}
