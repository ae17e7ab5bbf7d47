/**
 * What the engine asks of the things that it backs up. A Source turns a component into named byte streams (segments); a
 * Sink turns those streams back. Neither knows of chunks, packs, keys or stores; the engine knows nothing of databases,
 * archives or files.
 */
import type { ErrorCode } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { Json, Segment, SegmentGroup, SegmentHead } from '../format/segment.ts'
import type { StoredBackup } from '../repository/stored-backup.ts'
import type { Migration } from './migration.ts'
import type { AssertionOutcome, LeftDatabase, ProofCheck, ProofFinding, ProvenTable } from './proof.ts'

export type { Json, Segment, SegmentGroup, SegmentHead, StoredBackup }

/** Something that a person should know: `partial` when the backup lacks something that it should hold. */
export interface Problem {
  readonly severity: 'partial' | 'warning'
  readonly message: string
  readonly hint?: string | undefined
  /** What a proof calls it, where that has a word of its own and looks for it itself. */
  readonly code?: 'columns-moved'
  /** All of what the message names a few of. */
  readonly entries?: readonly string[]
}

export interface SegmentWriter {
  /** How many plain bytes are likely to come, for progress alone. */
  expect(bytes: number): void
  /**
   * Stores a segment and returns its plain size. If the iteration throws, so does this, and the segment does not exist;
   * it may be written again under the same name. A slice of the bytes is not looked at once the next one is asked for, so its
   * memory may be used again. Different groups may be written at the same time, one group only by
   * one caller at a time.
   */
  segment(head: SegmentHead, bytes: AsyncIterable<Uint8Array>): Promise<number>
  /** The Source begins anew: all segments so far are forgotten. None may be under way. */
  restart(): void
  /** Text for people on what is being done now. */
  phase(text: string): void
  /** Names that messages may hold, of tables and roles say, and that are nobody else's business. */
  names?(names: readonly string[]): void
}

export interface SourceResult {
  /** About the whole backup, for the Sink; kept in the encrypted index. */
  readonly detail: Json
  /** The program that read what the engine's own code does not, with its version: `pg_dump 18.3 (bundled)`. */
  readonly tool?: string
  /** What was left out on request; absent for all of it. */
  readonly holds?: 'some-rows' | 'structure'
  readonly problems: readonly Problem[]
}

export interface Source {
  readonly component: Component
  /** Names what is backed up (server and database, folder and globs). Only a keyed hash of it is stored. */
  readonly identity: string
  /** Reads everything once. Aborts when the signal does, leaving no connection or file open. */
  read(out: SegmentWriter, signal: AbortSignal): Promise<SourceResult>
}

export interface SinkResult {
  /** Lines for people: what was restored where. */
  readonly summary: readonly string[]
  readonly problems: readonly Problem[]
  /** In the order of the backup; absent where all was made as it was. */
  readonly unmade?: readonly Unmade[]
}

/** An object of the backup that the target would not take as it was, while all rows came back. */
export interface Unmade {
  /** `FK CONSTRAINT public.child child_parent_fkey`. */
  readonly entry: string
  /**
   * `left-out`: it is not there. `not-valid`: it holds for new rows alone. `not-filled`: it is there, and empty. `changed`: something
   * else is there in its place. `helped`: it is there as it was, but could only be made with a help that a script does not give.
   */
  readonly outcome: 'left-out' | 'not-valid' | 'not-filled' | 'changed' | 'helped'
  /** The server's words, without what may come from rows. */
  readonly reason: string
  /** The server's SQLSTATE; empty where it was not asked, since what the entry is about is not there. */
  readonly sqlState: string
  /** What makes it as it was, once the reason is gone; none where that takes a person, or would show a secret. */
  readonly later: readonly string[]
  readonly hint?: string | undefined
}

export interface SinkProgress {
  phase(text: string): void
  /** As of a `SegmentWriter`. */
  names?(names: readonly string[]): void
  /** Plain bytes that have reached the target. */
  advance(bytes: number): void
}

/** What a restore would find where it goes, and what it would do there. */
export type TargetSummary = DatabaseTarget | FolderTarget

export interface DatabaseTarget extends RestorePreview {
  readonly kind: 'database'
  /** `host:port/database`. */
  readonly place: string
  /** Its own name, and that of the role that restores. */
  readonly database: string
  readonly user: string
  /** `PostgreSQL 18.4`. */
  readonly server: string
  /** The database that the backup was made from, and its server; absent where the backup doesn't tell. */
  readonly madeFrom?: { readonly database: string; readonly server: string }
  /** `tables public.users; rows alone`; absent where all of the backup is asked for. */
  readonly chosen?: string
  /** Absent if it is empty: kinds of objects with their numbers, a few names, bytes on its disk. */
  readonly holds?: {
    readonly counts: Readonly<Record<string, number>>
    readonly examples: readonly string[]
    readonly bytes: number
  }
  /** Absent where the restore would be refused for it. */
  readonly mode?: 'atomic' | 'swap' | 'parallel'
  /** What cannot be made, but for rows, is left out and listed; otherwise it makes the restore fail. */
  readonly tolerates?: boolean
  /** The name under which the database is kept when another one takes its place. */
  readonly kept?: string
  /** The name must be given before the restore replaces anything. */
  readonly needsConfirmation: boolean
}

export interface FolderTarget extends RestorePreview {
  readonly kind: 'folder'
  readonly place: string
  readonly brings: { readonly files: number; readonly folders: number; readonly links: number; readonly bytes: number }
  /** `new`: appears whole. `swap`: takes the place of what is there. `merge`: file by file, the rest stays. */
  readonly way: 'new' | 'swap' | 'merge'
  /** Where the losses are kept until they are discarded. */
  readonly kept?: string
  /** The folder's name must be given before the restore makes it lose what the backup lacks. */
  readonly needsConfirmation: boolean
  /** Paths in it that hold all that would be replaced; absent where that may be anything in it. */
  readonly replaced?: readonly string[]
  /** Files and links that are there now; `more` if the count was stopped there. */
  readonly holds: { readonly files: number; readonly more: boolean }
}

export interface RestorePreview {
  /** What is there now and would be gone: `3 tables`, with a few of their names. */
  readonly losses: readonly { readonly what: string; readonly names: readonly string[] }[]
  /** What would be left out, or differ, as far as that shows beforehand. */
  readonly problems: readonly Problem[]
  /** Why the restore, asked for as it was, would fail before it changes anything. */
  readonly refusal?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string | undefined }
}

export interface Sink {
  readonly component: Component
  /** How the Source of the same place would name it; absent where that says nothing. */
  readonly identity?: string
  /** Looks at the target and changes nothing. Throws what keeps it from looking. */
  inspect(backup: StoredBackup, progress: SinkProgress, signal: AbortSignal): Promise<TargetSummary>
  /** Either restores all of it or throws; what a failure leaves behind is each Sink's own promise. */
  restore(backup: StoredBackup, progress: SinkProgress, signal: AbortSignal): Promise<SinkResult>
}

/** What a proof needs besides the backup. */
export interface ProofContext {
  readonly progress: SinkProgress
  /** Of the last older backup of the same source that was proved; absent where there is none that can be read. */
  readonly before?: ProofBefore
}

export interface ProofBefore {
  readonly id: string
  readonly tables: readonly ProvenTable[]
  readonly assertions: readonly AssertionOutcome[]
}

export interface ProofResult {
  /** Milliseconds; absent where it wasn't reached. */
  readonly restoreTime?: number
  readonly compareTime?: number
  readonly server?: string
  readonly checks: readonly ProofCheck[]
  readonly findings: readonly ProofFinding[]
  readonly tables: readonly ProvenTable[]
  readonly assertions: readonly AssertionOutcome[]
  /** Present where migrations were to run, and the restore got as far as them. */
  readonly migration?: Migration
  /** Present where the restored database was to be left standing, and there is one. */
  readonly left?: LeftDatabase
}

/**
 * Restores a backup to where nothing of value is, compares it with what was backed up, and leaves the place as it found it.
 * What is wrong with the backup, or kept it from being looked at, is a finding and no exception. Throws `cancelled` and `timeout`,
 * and, before anything is touched, what is wrong with the request itself: `usage`, `not-empty`.
 */
export interface Prover {
  readonly component: Component
  prove(backup: StoredBackup, context: ProofContext, signal: AbortSignal): Promise<ProofResult>
}
