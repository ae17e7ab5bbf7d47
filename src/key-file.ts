/** Where the key comes from: given, or read from the key file; locally the first backup makes one. */
import { chmod, open, readFile } from 'node:fs/promises'
import { ComebackError } from './errors.ts'
import { checkPassphrase, newPassphrase } from './format/keys.ts'

const MAKE_ONE = 'Make one with `comeback key new`, and keep a copy of it away from the backups.'
const MAKE_SECRET =
  'In CI a key is never made: run `comeback key new` on your own machine, keep a copy, and store it as the repository secret COMEBACK_KEY (Settings > Secrets and variables > Actions), and pass it to the step: in its environment, or as the input key of the Action.'

export interface KeyPlace {
  /** As given by the environment or the Action; an empty one counts as absent, as an unset secret reads so. */
  readonly given: string | undefined
  readonly file: string
  readonly ci: boolean
}

/** The passphrase, or undefined if there is none. `weak-key` or `usage` if it can't be one. */
export async function findKey({ given, file }: KeyPlace): Promise<string | undefined> {
  const text = given === undefined || given.trim() === '' ? await readKeyFile(file) : given
  if (text === undefined) return undefined
  // The line break that ends a file or a pasted secret is not part of the key; openssl reads the first line, too.
  const passphrase = text.replace(/\r?\n$/, '')
  checkPassphrase(passphrase)
  return passphrase
}

/** Like `findKey`, but `no-key` if there is none. */
export async function needKey(place: KeyPlace): Promise<string> {
  const passphrase = await findKey(place)
  if (passphrase !== undefined) return passphrase
  throw new ComebackError('no-key', `There is no key: COMEBACK_KEY is not set and ${place.file} does not exist.`, {
    hint: place.ci ? MAKE_SECRET : MAKE_ONE,
  })
}

/**
 * Throws `no-key` where rules are to choose among records that nobody vouches for: whoever can write to the store can leave some
 * there that push the real ones out.
 */
export function needVouching(keyring: object | undefined, unauthenticated: boolean, what: string): void {
  if (keyring !== undefined || unauthenticated) return
  throw new ComebackError('no-key', `Without the key nobody can tell real backups from forged ones, so ${what}.`, {
    hint: 'Set COMEBACK_KEY (or --key-file). Or add --unauthenticated: then every record is what it claims to be, and whoever can write to the store decides.',
  })
}

/** Writes a new key file, mode 0600, never over an existing one. In CI it refuses with `no-key`. */
export async function makeKey({ file, ci }: KeyPlace): Promise<string> {
  if (ci) throw new ComebackError('no-key', 'There is no key: COMEBACK_KEY is not set.', { hint: MAKE_SECRET })
  const passphrase = newPassphrase()
  try {
    await using handle = await open(file, 'wx', 0o600)
    await handle.writeFile(`${passphrase}\n`)
    await handle.sync()
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) {
      throw new ComebackError('already-exists', `${file} exists: a key is never overwritten.`, {
        hint: 'Old backups need it. Move it to a safe place first, or name another file with --key-file.',
        cause,
      })
    }
    throw new ComebackError('permission', `The key file ${file} could not be written.`, { cause, hint: MAKE_ONE })
  }
  await chmod(file, 0o600)
  return passphrase
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined
    throw new ComebackError('permission', `The key file ${file} could not be read.`, {
      hint: 'Check its owner and mode, or set COMEBACK_KEY.',
      cause,
    })
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
