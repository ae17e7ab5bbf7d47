/**
 * For Node processes of tests: a quarter of the CPU time of a short run goes into optimizing pg_dump's WebAssembly, which has
 * ended before that pays.
 */
export const NODE_FLAGS: readonly string[] = ['--liftoff-only']
