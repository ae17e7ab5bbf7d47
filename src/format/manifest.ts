export const COMPONENTS = ['database', 'files', 'config'] as const
export type Component = (typeof COMPONENTS)[number]
