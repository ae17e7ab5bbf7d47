/** Records that would have been the ones meant, and do not count or hold less: told of, a few by name. */
import type { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { PassedOver } from './find-backup.ts'
import type { Progress } from './progress.ts'

/** Whoever can write to the store can leave any number of them there. */
const MOST_TOLD = 3

/** Warns of each, up to a few. */
export function warnOfPassedOver(component: Component, progress: Progress): PassedOver {
  let told = 0
  return (_: string, { message, hint }: ComebackError, asked) => {
    if (++told > MOST_TOLD + 1) return
    progress({
      type: 'warning',
      component,
      ...(told > MOST_TOLD
        ? {
            message: `More ${component} backups were passed over.`,
            hint: '`comeback list` says of each what it is.',
          }
        : {
            message: `${message} ${asked ? 'It is taken, as it was asked for by its id.' : 'It is passed over for an older one.'}`,
            ...(hint === undefined ? {} : { hint }),
          }),
    })
  }
}
