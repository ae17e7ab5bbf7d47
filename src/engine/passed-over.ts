/** Records that are not authentic and would have been the ones meant: told of, a few by name. */
import type { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { PassedOver } from './catalog.ts'
import type { Progress } from './progress.ts'

/** Whoever can write to the store can leave any number of them there. */
const MOST_TOLD = 3

/** Warns of each, up to a few. */
export function warnOfPassedOver(component: Component, progress: Progress): PassedOver {
  let told = 0
  return (id: string, { message }: ComebackError) => {
    if (++told > MOST_TOLD + 1) return
    progress({
      type: 'warning',
      component,
      message:
        told > MOST_TOLD
          ? `More ${component} backups were passed over, which are not authentic either.`
          : `The ${component} backup ${id} is passed over for an older one, as it is not authentic: ${message}`,
      hint: 'Look who else writes to this store; `comeback check` names all of them. One can be asked for by its id.',
    })
  }
}
