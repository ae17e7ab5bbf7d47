/** Where things lie in a configuration archive, and so in the review folder. */

/** Files below the root. */
export const ROOT_FOLDER = 'files'
/** Files elsewhere, by their absolute paths. */
export const SYSTEM_FOLDER = 'system'
export const ENVIRONMENT_FILE = 'environment.env'
/** Made by the restore. */
export const REVIEW_FILE = 'REVIEW.diff'
export const REVIEW_IGNORED = '.gitignore'
/** Likewise: the environment variables, which nothing else in the review folder holds. */
export const ENVIRONMENT_REVIEW = '.env.review'

/** What only the system's own folders are called: an archive made from `/` by another program has them on top. */
const SYSTEM_FOLDERS: readonly string[] = ['etc', 'usr', 'var', 'opt', 'srv', 'root', 'home']

/** Where an archive that another program made has to put `path`, to be compared with what stands now. */
export function placeOf(path: string): string {
  const [top = ''] = path.split('/', 1)
  return `${SYSTEM_FOLDERS.includes(top) ? SYSTEM_FOLDER : ROOT_FOLDER}/${path}`
}
