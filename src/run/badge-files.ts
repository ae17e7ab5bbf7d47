/** The badge as files, each there whole or not at all: a README shows them while they are written. */
import { join, resolve } from 'node:path'
import { asComebackError } from '../errors.ts'
import { badgeOf } from '../report/badge.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import { writeWhole } from './whole-file.ts'

export interface BadgePlace {
  /** As the option has it; nothing is written without one. */
  readonly folder: string | undefined
  readonly cwd: string
  readonly warn: (message: string) => void
}

/** `badge.json` and `badge.svg`. What keeps them from being written is a warning and changes no verdict. */
export function leaveBadge(report: VerifyReport, { folder, cwd, warn }: BadgePlace): void {
  if (folder === undefined) return
  const { json, svg } = badgeOf(report)
  try {
    const place = resolve(cwd, folder)
    writeWhole(join(place, 'badge.json'), json)
    writeWhole(join(place, 'badge.svg'), svg)
  } catch (error) {
    warn(`The badge could not be written to ${folder}: ${asComebackError(error).message}`)
  }
}
