/** `${{ … }}` by GitHub's own engine. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions'

export type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [key: string]: Value }
export type Contexts = { readonly [name: string]: Value }

const ALL_CONTEXTS = 'github env inputs secrets vars steps job runner matrix needs strategy'.split(' ')
const EXPRESSION = /\$\{\{(.*?)\}\}/gs
const STATUS_FUNCTION = /\b(success|failure|always|cancelled)\s*\(/

/** Text with expressions in it as text; anything that is not text, as text too. */
export function interpolate(text: unknown, contexts: Contexts): string {
  return `${text ?? ''}`.replace(EXPRESSION, (_, expression: string) => evaluate(expression, contexts).coerceString())
}

export function interpolateAll(
  map: Readonly<Record<string, unknown>> | undefined,
  contexts: Contexts,
): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([name, text]) => [name, interpolate(text, contexts)]))
}

/** A value that is one expression keeps its type: the number of `timeout-minutes`, the boolean of an input. */
export function typed(value: unknown, contexts: Contexts): Value {
  const [whole, expression] = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(typeof value === 'string' ? value : '') ?? []
  if (whole === undefined || expression === undefined || expression.includes('${{')) {
    return typeof value === 'string' ? interpolate(value, contexts) : (value as Value)
  }
  const result = evaluate(expression, contexts)
  return 'value' in result ? result.value : null
}

/** The condition of a step: where it asks for no status, it means "if all went well so far". No secrets there. */
export function holds(condition: unknown, contexts: Contexts, well: boolean): boolean {
  const text = `${condition ?? ''}`.trim().replace(/^\$\{\{(.*)\}\}$/s, '$1') || 'success()'
  const whole = STATUS_FUNCTION.test(text) ? text : `success() && (${text})`
  const { secrets: _, ...visible } = contexts
  return isTrue(evaluate(whole, visible, well))
}

function evaluate(text: string, contexts: Contexts, well = true): data.ExpressionData {
  const answer = (name: string, value: boolean) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  })
  const functions = [
    answer('success', well),
    answer('failure', !well),
    answer('always', true),
    answer('cancelled', false),
  ]
  const names = ALL_CONTEXTS.filter(name => name in contexts)
  const expression = new Parser(new Lexer(text.trim()).lex().tokens, names, functions).parse()
  const dictionary = toData(contexts)
  if (!(dictionary instanceof data.Dictionary)) throw new Error('contexts are a dictionary')
  return new Evaluator(expression, dictionary, new Map(functions.map(own => [own.name, own]))).evaluate()
}

function toData(value: Value): data.ExpressionData {
  if (value === null || value === undefined) return new data.Null()
  if (typeof value === 'string') return new data.StringData(value)
  if (typeof value === 'number') return new data.NumberData(value)
  if (typeof value === 'boolean') return new data.BooleanData(value)
  if (isArray(value)) return new data.Array(...value.map(toData))
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => ({ key, value: toData(item) })))
}

function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

function isTrue(value: data.ExpressionData): boolean {
  if (value.kind === data.Kind.Null) return false
  return 'value' in value ? Boolean(value.value) : true
}
