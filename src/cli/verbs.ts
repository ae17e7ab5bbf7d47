/** What help says of each verb. */
import type { Verb } from '../options.ts'

export interface VerbHelp {
  /** What follows the verb. */
  readonly operands: string
  /** One line, in the list of verbs. */
  readonly summary: string
  readonly about: readonly string[]
  readonly examples: readonly string[]
}

export const VERB_HELP: { readonly [V in Verb]: VerbHelp } = {
  backup: {
    operands: '[all|database|files|config]',
    summary: 'Back up a database, files, configuration, or all three.',
    about: [
      'Backs up the components named, all three without one. Only what no earlier backup holds is stored, encrypted with the key. The first run on your own machine makes the key.',
      'A list option takes the words after it: name the component before it.',
    ],
    examples: [
      'comeback backup database',
      "comeback backup files --files public uploads --exclude '**/*.tmp'",
      "comeback backup config --config-files .env --config-env 'SMTP_*'",
    ],
  },
  restore: {
    operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID',
    summary: 'Bring back what a backup holds.',
    about: [
      'latest is the newest complete backup, a day (UTC) the newest of that day, a time such as 2026-11-23T02:00Z the newest at or before it; an id, as comeback list shows it, exactly that one.',
      'Configuration is never restored over the original, but into a folder to review.',
    ],
    examples: [
      'comeback restore database latest --target-url postgresql://localhost/copy',
      'comeback restore database 2026-11-23 --mode atomic',
      'comeback restore files latest --into ./restored',
    ],
  },
  list: {
    operands: '[all|database|files|config]',
    summary: 'Show the backups in the store, newest first.',
    about: ['Shows the backups in the store, the failed and the damaged ones among them, newest first.'],
    examples: ['comeback list', 'comeback list database --json'],
  },
  export: {
    operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID --into DIR',
    summary: 'Copy a backup out as files that openssl and gunzip can read.',
    about: [
      'Writes a backup into a folder as complete, encrypted files which stock tools can decrypt without Comeback. The command that does it is printed.',
    ],
    examples: ['comeback export database latest --into ./export'],
  },
  key: {
    operands: 'new|show-id',
    summary: 'Make a key, or name the one in use without showing it.',
    about: [
      'new writes a new key into the key file, never over one that exists. show-id prints the id of the key in use; comeback list --json names the id that each backup needs.',
      'Without its key nobody can read a backup: keep a copy elsewhere.',
    ],
    examples: ['comeback key new', 'comeback key show-id'],
  },
}
