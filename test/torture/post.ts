/** A store with its history, kept beside what each backup of it must bring back. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dice } from './dice.ts'
import { type Contents, databaseContents, emptyFolder, folderContents, type Ground } from './ground.ts'
import { type Command, type Ended, type StoreKind, type Subject, startSubject } from './subject.ts'
import type { Fault } from './tally.ts'

export type Component = 'database' | 'files'

export interface Faulted {
  readonly fault: Fault
  readonly why: string
}

export interface Post extends AsyncDisposable {
  readonly subject: Subject
  readonly ground: Ground
  readonly dice: Dice
  /** By id, what a complete backup holds. Retention takes entries out. */
  readonly known: Map<string, { readonly component: Component; readonly contents: Contents }>
}

export const TARGETS = 'restored'

export async function openPost(kind: StoreKind, ground: Ground, dice: Dice): Promise<Post> {
  const subject = await startSubject(kind)
  const post = { subject, ground, dice, known: new Map(), [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose]() }
  for (const component of ['database', 'files'] as const) {
    await change(post, component)
    must(await post.subject.run(backupOf(post, component)))
    await learn(post)
  }
  return post
}

export function backupOf({ ground, subject }: Post, component: Component, url = ground.source): Command {
  const given = component === 'database' ? { 'database-url': url } : { files: ['uploads'] }
  return { verb: 'backup', component, given: { ...given, ...(subject.kind === 'artifacts' ? { cache: 'false' } : {}) } }
}

export async function change({ ground, subject }: Post, component: Component): Promise<void> {
  if (component === 'database') await ground.changeDatabase()
  else ground.changeFiles(subject.folder)
}

/** Complete backups that are new in the store hold what the source holds now. Returns the ids of all complete ones. */
export async function learn(post: Post): Promise<readonly string[]> {
  const { backups = [] } = must(await post.subject.run({ verb: 'list' })).report ?? {}
  const complete = backups.filter(({ status, purpose }) => status === 'complete' && purpose === undefined)
  for (const { id, component } of complete) {
    if (post.known.has(id) || (component !== 'database' && component !== 'files')) continue
    post.known.set(id, { component, contents: await contentsOf(post, component) })
  }
  return complete.map(({ id }) => id)
}

/** What retention has let go is not missed. */
export async function forget(post: Post): Promise<void> {
  const listed = await learn(post)
  for (const id of post.known.keys()) if (!listed.includes(id)) post.known.delete(id)
}

/** Nothing is lost in the store: every byte is there, and so is every backup that was. */
export async function storeFaults(post: Post): Promise<readonly Faulted[]> {
  const check = await post.subject.run({ verb: 'check', given: { read: true } })
  const listed = await learn(post)
  const gone = [...post.known.keys()].filter(id => !listed.includes(id))
  return [
    ...(check.code === 0 ? [] : [{ fault: 'loss', why: `check --read: ${check.code} ${last(check)}` } as const]),
    ...gone.map(id => ({ fault: 'loss', why: `${id} is gone` }) as const),
  ]
}

/** A backup comes back as what it was. */
export async function backupFaults(post: Post, id: string, store?: string): Promise<readonly Faulted[]> {
  const backup = post.known.get(id)
  if (backup === undefined) return [{ fault: 'lie', why: `${id} is not listed as complete` }]
  const { component, contents } = backup
  const from = store === undefined ? {} : { store }
  if (component === 'files') {
    const into = join(post.subject.folder, TARGETS)
    emptyFolder(into)
    const ended = await post.subject.run({ verb: 'restore', component, given: { at: id, into: TARGETS, ...from } })
    const same = folderContents(join(into, 'uploads')) === contents
    return ended.code === 0 && same ? [] : [{ fault: 'loss', why: `${id}: ${ended.code}, ${same} ${last(ended)}` }]
  }
  const url = await post.ground.emptyDatabase()
  const ended = await post.subject.run({ verb: 'restore', component, given: { at: id, 'target-url': url, ...from } })
  const same = ended.code === 0 && (await databaseContents(url)) === contents
  await post.ground.drop(url)
  return same ? [] : [{ fault: 'loss', why: `${id}: ${ended.code} ${last(ended)}` }]
}

export function anyKnown({ known, dice }: Post, component?: Component): string {
  return dice.of([...known].filter(([, backup]) => component === undefined || backup.component === component))[0]
}

export async function contentsOf({ ground, subject }: Post, component: Component): Promise<Contents> {
  return component === 'database'
    ? await databaseContents(ground.source)
    : folderContents(join(subject.folder, 'uploads'))
}

/** Whether the server has let go of a client that is gone, in time. */
export async function sessionFaults({ ground }: Post): Promise<readonly Faulted[]> {
  for (let tenths = 0; tenths < 150; tenths++) {
    const [row] = await ground.query("SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'comeback'")
    if (Number(row?.n) === 0) return []
    await sleep(100)
  }
  return [{ fault: 'hang', why: 'a session of a run that is gone lives on for 15 s' }]
}

/** What must go well for the torture to mean anything. */
export function must(ended: Ended): Ended {
  if (ended.code !== 0) throw new Error(`exit code ${ended.code}:\n${ended.said}`)
  return ended
}

export function last({ said }: Ended): string {
  return said.trim().split('\n').slice(-6).join(' | ').slice(0, 600)
}
