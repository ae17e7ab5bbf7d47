/** How a restore goes about it: what each promises is told where a Sink is made. */
export type RestoreMode = 'atomic' | 'swap' | 'parallel'
