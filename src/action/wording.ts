/** Messages and hints speak of flags; in a workflow the same things are inputs, written as YAML writes them. */
import { flag, kebab, OPTION_NAMES, OPTIONS, type OptionName } from '../options.ts'

const NAMES = new Map(OPTION_NAMES.map(name => [flag(name), name]))
/** What may follow a flag as its value: a placeholder in capitals, a number, or one of the choices. */
const VALUE = /^ (?=[A-Z]{2,}\b|\d)/

/**
 * `--mode atomic` becomes `mode: atomic`, `--full` `full: true`, a flag that is only named its name. What is part of a
 * command for a terminal (`comeback prune --apply`) stays as it is.
 */
export function inputsInsteadOfFlags(text: string): string {
  return text.replace(/(?<![\w-])--[a-z][a-z-]*[a-z]/g, (found, at: number) => {
    const option = NAMES.get(found)
    const inCommand = /\bcomeback [a-z]+[^.;`\n]*$/.test(text.slice(0, at))
    return option === undefined || inCommand ? found : asInput(option, text.slice(at + found.length))
  })
}

function asInput(option: OptionName, rest: string): string {
  const spec = OPTIONS[option]
  if (spec.type === 'flag') return `${kebab(option)}: true`
  const chosen = spec.type === 'choice' && spec.choices.some(choice => rest.startsWith(` ${choice}`))
  return chosen || VALUE.test(rest) ? `${kebab(option)}:` : kebab(option)
}
