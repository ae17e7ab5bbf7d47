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
    operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID|--undo',
    summary: 'Bring back what a backup holds.',
    about: [
      'latest is the newest complete backup, a day (UTC) the newest of that day, a time such as 2026-11-23T02:00Z the newest at or before it; an id, as comeback list shows it, exactly that one.',
      'With --store old:DIR, a folder of the old shell scripts, the name of a file there will do, too.',
      'The plan is shown first. A target that holds anything is then backed up before it is touched, into the same store or --safety-store; --undo brings the newest such backup of it back.',
      'Files are restored all or none. A new folder appears whole. A folder that holds something becomes exactly the backup with --overwrite, and what it was is kept beside it; files that the backup lacks go only with --confirm. Into the working directory, or with --include, files are added and, with --overwrite, replaced one by one, and what they replaced is kept in .comeback-before-TIME-ID.',
      'With --tables or --schemas only these are dropped and made again, in one transaction; everything else stays. Nothing is dropped on which something else depends: that is named. Foreign keys to tables that are neither chosen nor there are left out and listed; those to tables that are there are checked against their rows. Types and functions that the tables need are not brought along; the plan names those that are missing. --data-only leaves the tables in place and replaces their rows.',
      '--discard removes what a restore kept. What a killed restore left is put right by the next one into the same place.',
      'Configuration is never restored over the original, but into a folder to review, values of environment variables only with --show-values.',
    ],
    examples: [
      'comeback restore database latest --target-url postgresql://localhost/copy',
      'comeback restore database 2026-11-23 --mode atomic --confirm shop',
      'comeback restore database latest --mode swap --confirm shop',
      'comeback restore database latest --mode atomic --tables users --confirm shop',
      'comeback restore database latest --tables users --data-only --confirm shop',
      'comeback restore database --undo --confirm shop',
      'comeback restore files latest --into ./restored',
      "comeback restore files latest --include 'uploads/2026' --overwrite",
      'comeback restore files --discard NAME --confirm NAME',
    ],
  },
  verify: {
    operands: '[all|database|files|config] [--at latest|YYYY-MM-DD|TIME|ID]',
    summary: 'Restore a backup into a disposable database and compare every byte.',
    about: [
      'Restores the backup for real, the database into the empty one of --target-url, files and configuration into a temporary folder, reads everything back and compares it with what was backed up. Then the place is emptied again, and a record of the proof goes into the store.',
      'The server must have the major version of the one that was backed up, and be marked with --disposable. The exit code is 0 for verified, 3 for failed, 4 for could not be verified: a check that did not run never passes.',
      'With --assertions your own queries are asked of the restored database; with --migrate a command runs against it, and the report says what it changed, what it locked and for how long.',
    ],
    examples: [
      'comeback verify --target-url postgresql://localhost/scratch --disposable',
      'comeback verify files --at 2026-11-23',
      'comeback verify database --disposable --migrate ./migrate.sh',
      'comeback verify --recorded',
    ],
  },
  list: {
    operands: '[all|database|files|config]',
    summary: 'Show the backups in the store, newest first.',
    about: ['Shows the backups in the store, the failed and the damaged ones among them, newest first.'],
    examples: ['comeback list', 'comeback list database --json'],
  },
  status: {
    operands: '[all|database|files|config]',
    summary: 'Say how old the last good backups are, and fail when they are too old.',
    about: [
      'Names the last good backup of each component. With --max-age it fails when one is older, with --max-proof-age when the last proof is.',
    ],
    examples: ['comeback status', 'comeback status database --max-age 26h', 'comeback status --max-proof-age 8d'],
  },
  report: {
    operands: '[all|database|files|config] --html FILE',
    summary: 'Write a page of the last year: a calendar, charts, and how to restore any day.',
    about: [
      'Writes one HTML page that needs no network: each day with its backups and proofs, the state of each component, size, new bytes, time to restore and the longest gap, and for any day the command that restores it. The key is not needed.',
      'In a workflow, publish it with actions/upload-artifact, or put it as index.html into a folder for actions/upload-pages-artifact and actions/deploy-pages. The page names the store, its backups and why some failed: anyone who can read the Pages can read that.',
    ],
    examples: ['comeback report --html report.html', 'comeback report database --html ./site/index.html'],
  },
  check: {
    operands: '[all|database|files|config]',
    summary: 'See whether everything that the backups need is in the store.',
    about: [
      'Looks for every object of every backup, and compares its size. --read reads them all, too, and compares their bytes with what was written; --read-percent reads some of them each day, so that all are read in time.',
      'It needs no database. Without the key it can check less, and says so.',
    ],
    examples: ['comeback check', 'comeback check database --read', 'comeback check --read-percent 5'],
  },
  prune: {
    operands: '[all|database|files|config]',
    summary: 'Remove the backups that are older than they need to be.',
    about: [
      'Shows which backups would be kept, and why, and which would go; --apply removes them. The newest complete backup of each source always stays, and so does whatever a kept backup leans on.',
      'It works without the key.',
    ],
    examples: [
      'comeback prune',
      'comeback prune --keep-daily 14 --keep-monthly 12',
      'comeback prune --retention-days 60 --apply',
    ],
  },
  export: {
    operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID --into DIR',
    summary: 'Copy a backup out as files that openssl and gunzip can read.',
    about: [
      'Writes a backup into a folder as complete, encrypted files which stock tools can decrypt without Comeback. The command that does it is printed.',
    ],
    examples: ['comeback export database latest --into ./export'],
  },
  copy: {
    operands: '[all|database|files|config] [--from LOCATION] --to LOCATION',
    summary: 'Copy backups into another store, such as from artifacts into a bucket.',
    about: [
      'Copies backups and their proofs as they are, under the same key, and checks every object on the way. What the other store has already is not copied again, so a copy that was interrupted goes on where it was; what it has under the same name with other bytes is an error, and stays.',
      'Without a choice all backups go; --at copies one, --keep-monthly 12 and its like those that such a rule holds. The plan says what such a rule asks for and the other store cannot keep. With the key only authentic backups are copied; it is not needed.',
      'Prune the other store by the same rules: by age alone it would let old backups go again.',
    ],
    examples: [
      'comeback copy --from artifact:OWNER/REPO --to s3://BUCKET/PREFIX',
      'comeback copy database --to file:/mnt/disk --keep-monthly 12',
      'comeback copy --to file:/mnt/disk --at 2026-11-23 --dry-run',
    ],
  },
  import: {
    operands: '[all|database|files|config]',
    summary: 'Bring the backups of the old shell scripts into the store.',
    about: [
      'Reads .sql.gz.enc and .tar.gz.enc files that openssl enc -aes-256-cbc -pbkdf2 wrote, with the key in the key file, and makes each a backup under its own date, oldest first. A date in the name counts, in UTC, or else the time of the file.',
      'Each file is checked to its end before it is taken over; a damaged one is named, and the others go on. Files imported before are passed over, and nothing in the folder is changed.',
      'comeback restore and comeback list read the folder without an import: --store old:DIR.',
    ],
    examples: [
      'comeback import',
      'comeback import database --from ./tmp/backups --store s3://BUCKET/PREFIX',
      'comeback import --kdf-iterations 100000',
    ],
  },
  init: {
    operands: '',
    summary: 'Write the GitHub workflows that make backups by themselves.',
    about: [
      'Writes four workflows (comeback-backup.yml, -restore.yml, -verify.yml and -watch.yml) into .github/workflows of the repository in this folder, and says which secrets they need. On a terminal it asks what no option says.',
      'It makes the key if there is none, lets Git ignore it, and prints a recovery sheet: the page to keep with the key.',
    ],
    examples: [
      'comeback init',
      'comeback init --components database files --files public uploads --time 03:41',
      'comeback init --store s3://BUCKET/PREFIX --recovery-sheet RECOVERY.md',
    ],
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
