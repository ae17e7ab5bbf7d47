/**
 * Configuration as a Prover: restored for review into a temporary folder and compared file by file. The environment variables
 * don't reach the disk; that their file is whole, and read back gives the same bytes, is what can be said of them without it.
 */
import type { Prover } from '../engine/ports.ts'
import type { ProofFinding } from '../engine/proof.ts'
import { asComebackError, ComebackError } from '../errors.ts'
import { proveFolder } from '../files/proof/prove-folder.ts'
import { describeFiles } from '../files/prove.ts'
import { formatEnvironment, parseEnvironment } from './environment.ts'
import { ENVIRONMENT_FILE, ENVIRONMENT_REVIEW, REVIEW_FILE, REVIEW_IGNORED } from './layout.ts'
import { createConfigSink } from './review.ts'

export interface ConfigProverOptions {
  /** A folder to work in, for files that only the user who runs this can read. */
  readonly temporary: string
}

export function createConfigProver({ temporary }: ConfigProverOptions): Prover {
  return {
    component: 'config',
    prove(backup, context, signal) {
      let variables = 0
      return proveFolder(
        {
          temporary,
          // Nothing of this machine is compared: neither its files, as far as they are the project's, nor its variables.
          openSink: (directory, root) =>
            createConfigSink({ directory, root, environment: {}, showValues: false, fleeting: true }),
          comparison: {
            modes: 'private',
            made: [REVIEW_FILE, REVIEW_IGNORED, ENVIRONMENT_REVIEW],
            elsewhere(path, content) {
              return path === ENVIRONMENT_FILE ? compareVariables(content) : undefined
            },
          },
          describe: compared =>
            `${describeFiles(compared)}${variables === 0 ? '' : `; ${variables} environment variables, read back`}`,
        },
        backup,
        context,
        signal,
      )

      async function compareVariables(content: AsyncIterable<Buffer>): Promise<readonly ProofFinding[]> {
        const parts: Buffer[] = []
        for await (const part of content) parts.push(Buffer.from(part))
        const bytes = Buffer.concat(parts)
        try {
          const read = parseEnvironment(bytes.toString())
          variables = read.size
          if (Buffer.from(formatEnvironment(read)).equals(bytes)) return []
          throw new ComebackError('damaged', 'The environment variables, read back, are not those that were backed up.')
        } catch (error) {
          const { message } = asComebackError(error)
          return [{ code: 'file-differs', subject: ENVIRONMENT_FILE, message, hint: 'Restore another backup.' }]
        }
      }
    },
  }
}
