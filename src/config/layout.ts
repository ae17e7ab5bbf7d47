/** Where things lie in a configuration archive, and so in the review folder. */

/** Files below the root. */
export const ROOT_FOLDER = 'files'
/** Files elsewhere, by their absolute paths. */
export const SYSTEM_FOLDER = 'system'
export const ENVIRONMENT_FILE = 'environment.env'
/** Made by the restore. */
export const REVIEW_FILE = 'REVIEW.diff'
