/**
 * When an old backup was made. The scripts wrote it into the name, `database_20260501_020000.sql.gz.enc` or
 * `backup-2026-05-01.sql.gz.enc`, by a clock whose zone nobody wrote down; it is taken for UTC.
 */
export interface OldTime {
  readonly time: Date
  /** What it was read from. */
  readonly from: 'name' | 'modification time'
}

const DATE = /(?<!\d)(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_.T ]*(\d\d)([-_:.h]?)(\d\d)(?:\6(\d\d))?Z?)?(?!\d)/g

/** A name with no date in it leaves the file's own time; a name with no time of day leaves that of its day, if it is of that day. */
export function oldTime(name: string, modified: Date): OldTime {
  for (const match of name.matchAll(DATE)) {
    const [, year, , month, day, hour, , minute, second = '00'] = match
    const date = `${year}-${month}-${day}`
    const time = hour === undefined ? timeOfDay(date, modified) : `${hour}:${minute}:${second}`
    const found = new Date(`${date}T${time}Z`)
    // The round trip refuses dates such as 31 February, which Date would move.
    if (!Number.isNaN(found.getTime()) && found.toISOString().startsWith(`${date}T${time}`))
      return { time: found, from: 'name' }
  }
  return { time: new Date(Math.floor(modified.getTime() / 1000) * 1000), from: 'modification time' }
}

function timeOfDay(date: string, modified: Date): string {
  const text = modified.toISOString()
  return text.startsWith(date) ? text.slice(11, 19) : '00:00:00'
}
