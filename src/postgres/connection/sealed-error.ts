/**
 * A server explains a refusal by rows: the message quotes values, the detail whole rows. So an error is sealed where it arrives:
 * whatever prints it, its stack or an error that it caused prints what anybody may read. What was said is kept beside it, for
 * `safeMessage`, which tells more of it where more names are known.
 */
import type pg from 'pg'
import { safeDetail, safeHint, safeMessage, safePlace } from './safe-message.ts'
import { keepSaid } from './said-fields.ts'

/** Before anybody else sees it. */
export function seal(error: pg.DatabaseError): void {
  const { code, message, detail, hint, where, schema, table, column, dataType, constraint, routine } = error
  const { position, internalQuery, internalPosition } = error
  const about = { schema, table, column, dataType, constraint, routine, position, internalQuery, internalPosition }
  const said = { code, message, detail, hint, where, ...about }
  const safe = safeMessage(said)
  Object.assign(error, {
    message: safe,
    stack: error.stack?.replace(message, () => safe),
    detail: safeDetail(said),
    hint: safeHint(said),
    where: safePlace(said),
    internalQuery: undefined,
  })
  keepSaid(error, said)
}
