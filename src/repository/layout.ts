/** Where a backup's objects lie in a store: `component/id/file`. The artifact store flattens it, nothing else changes it. */

import { isBackupId } from '../format/backup-id.ts'
import { COMPONENTS, type Component } from '../format/manifest.ts'
import type { SegmentGroup } from '../format/segment.ts'

export const MANIFEST = 'manifest.json'
/** The record of a backup that failed: a manifest under another name, so that no backup exists. */
export const PLACEHOLDER = 'placeholder.json'

export type Form = 'sql' | 'tar'

/** What a component's segments are when they are put one after the other. */
export const FORMS: Readonly<Record<Component, Form>> = { database: 'sql', files: 'tar', config: 'tar' }

export interface ObjectPlace {
  readonly component: Component
  readonly id: string
  readonly file: string
}

export function objectName(place: ObjectPlace): string {
  return `${place.component}/${place.id}/${place.file}`
}

/** Undefined for names that no version of ours has written. */
export function parseObjectName(name: string): ObjectPlace | undefined {
  const [component, id, file, ...rest] = name.split('/')
  const known = COMPONENTS.find(candidate => candidate === component)
  if (known === undefined || id === undefined || file === undefined || rest.length > 0 || !isBackupId(id))
    return undefined
  return { component: known, id, file }
}

/** `01-data-0001.sql.gz.enc`. Name order is stock order. */
export function packFile(group: SegmentGroup, number: number, form: Form, extension: string): string {
  return `${group}-${String(number).padStart(4, '0')}.${form}.${extension}.enc`
}

export function indexFile(extension: string): string {
  return `index.${extension}.enc`
}

export function isIndexFile(file: string | undefined): boolean {
  return file !== undefined && /^index\.[a-z]+\.enc$/.test(file)
}
