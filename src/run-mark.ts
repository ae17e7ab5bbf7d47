/**
 * By what a run is known to whoever finds what it has left: its process, when that was born, and where. Only on the same machine,
 * since the same start of it, and among the same processes (a container has its own) can anybody tell that it has ended.
 */
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

export interface RunMark {
  readonly process: number
  /** Clock ticks after the system's start; absent where there is no /proc. */
  readonly born: string | undefined
  readonly host: string
  /** Which start of the system; which numbering of processes. Absent likewise. */
  readonly boot: string | undefined
  readonly numbering: string | undefined
}

export async function runMark(): Promise<RunMark> {
  return { process: process.pid, born: await startOf(process.pid), ...(await whereabouts()) }
}

/** True only if that is certain; `mark` is what was read. */
export async function hasEnded(mark: unknown): Promise<boolean> {
  if (typeof mark !== 'object' || mark === null) return false
  const { process: pid, born, host, boot, numbering } = mark as Partial<Record<keyof RunMark, unknown>>
  const here = await whereabouts()
  if (typeof pid !== 'number' || here.boot === undefined || here.numbering === undefined) return false
  if (host !== here.host || boot !== here.boot || numbering !== here.numbering) return false
  return !(await isAlive(pid, born))
}

/** On this machine. A number may have been given to another process since: one that was born at another time. */
export async function isAlive(pid: number, born: unknown): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  return typeof born !== 'string' || born === (await startOf(pid))
}

/** Clock ticks after the system's start, from Linux; undefined where there is no such file. */
export async function startOf(pid: number): Promise<string | undefined> {
  // The name of the program, in parentheses, may hold anything: proc(5), field 22.
  return (await told(readFile(`/proc/${pid}/stat`, 'utf8')))?.split(')').at(-1)?.split(' ')[20]
}

async function whereabouts(): Promise<Omit<RunMark, 'process' | 'born'>> {
  const boot = await told(readFile('/proc/sys/kernel/random/boot_id', 'utf8'))
  return { host: hostname(), boot: boot?.trim(), numbering: await told(readlink('/proc/self/ns/pid')) }
}

async function told(text: Promise<string>): Promise<string | undefined> {
  try {
    return await text
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ESRCH'].includes(codeOf(error))) return undefined
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
