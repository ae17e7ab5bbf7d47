/** What a backup of files could not take, gathered by kind, so that ten thousand like ones make a short report. */
import type { Problem } from '../engine/ports.ts'

/** Of one kind; the rest is counted. */
const NAMED = 20
/** Characters of a path. */
const MOST_SHOWN = 300

const KINDS = {
  changed: {
    severity: 'partial',
    text: 'changed while it was being read',
    many: 'more files changed while they were being read',
    hint: 'Its copy in the backup may mix old and new bytes. Back up when nothing writes, or exclude it.',
  },
  vanished: {
    severity: 'partial',
    text: 'vanished before it could be read',
    many: 'more files vanished before they could be read',
    hint: 'Back up when nothing is being deleted, or exclude it.',
  },
  unreadable: {
    severity: 'partial',
    text: 'could not be read',
    many: 'more files could not be read',
    hint: 'Let the user that runs the backup read it, or exclude it.',
  },
  dangling: {
    severity: 'partial',
    text: 'is a symbolic link to nothing',
    many: 'more symbolic links lead to nothing',
    hint: 'Only the link is in the backup. Correct the link, or exclude it.',
  },
  unreachable: {
    severity: 'partial',
    text: 'has a path that is too long for a restore, and is not in the backup, nor what lies below it',
    many: 'more paths are too long for a restore',
    hint: 'Back it up by itself, from a folder further down, or exclude it.',
  },
  outside: {
    severity: 'warning',
    text: 'is a symbolic link that leads out of what is restored, so a restore will name it and not make it',
    many: 'more symbolic links lead out of what is restored',
    hint: 'Make it relative, to be made by hand after a restore, or exclude it.',
  },
  setid: {
    severity: 'warning',
    text: 'runs as its owner or its group (set-user-id, set-group-id), which a restore will not give back',
    many: 'more files run as their owners or groups',
    hint: 'Set it by hand after a restore (chmod u+s, g+s).',
  },
  linked: {
    severity: 'warning',
    text: 'is another name of a file that the backup has under one already (a hard link); each comes back as a file of its own',
    many: 'more files are other names of files that the backup has already',
    hint: 'Nothing of them is lost. Link them by hand after a restore, or exclude one.',
  },
  special: {
    severity: 'warning',
    text: 'is a socket, a pipe or a device and is not in the backup',
    many: 'more sockets, pipes and devices are not in the backup',
    hint: 'Exclude it to silence this.',
  },
} as const

export type FileProblemKind = keyof typeof KINDS

export interface FileProblems {
  add(kind: FileProblemKind, path: string, reason?: string): void
  list(): readonly Problem[]
}

export function gatherFileProblems(): FileProblems {
  const found = new Map<FileProblemKind, { readonly named: string[]; count: number }>()
  return {
    add(kind, path, reason) {
      const entry = found.get(kind) ?? { named: [], count: 0 }
      found.set(kind, entry)
      entry.count++
      if (entry.named.length >= NAMED) return
      entry.named.push(`${shown(path)} ${KINDS[kind].text}${reason === undefined ? '' : `: ${reason}`}.`)
    },
    list: () =>
      [...found].flatMap(([kind, { named, count }]) => {
        const { severity, hint, many } = KINDS[kind]
        // Files are read side by side, so they don't come in a fixed order.
        const messages = named.toSorted()
        if (count > named.length) messages.push(`${count - named.length} ${many}.`)
        return messages.map(message => ({ severity, message, hint }))
      }),
  }
}

/** Names may be no text, and too long for any line. */
function shown(path: string): string {
  return (
    path.length > MOST_SHOWN ? `${path.slice(0, MOST_SHOWN / 2)} … ${path.slice(-MOST_SHOWN / 2)}` : path
  ).toWellFormed()
}
