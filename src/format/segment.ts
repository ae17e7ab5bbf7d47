/** A named byte stream inside a backup. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/**
 * Where a segment's bytes lie among a backup's files: `00-schema`, `01-data`, `02-data` … one a lane, `98-data`, `99-schema`.
 * Segments of one group are written one after the other, in the order in which they are begun; the files of a full backup,
 * decrypted and concatenated in name order, are one valid script or archive.
 */
export type SegmentGroup = `${number}-${'schema' | 'data'}`

export interface SegmentHead {
  /** For people and for messages: `public.users`, `public.events [8192-16384)`. Unique inside a backup. */
  readonly name: string
  readonly group: SegmentGroup
  /** Whatever the Sink needs to know; kept in the encrypted index, opaque to the engine. */
  readonly detail: Json
}

export interface Segment extends SegmentHead {
  /** Plain bytes. */
  readonly bytes: number
}
