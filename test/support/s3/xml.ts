/** The little XML that S3 speaks. */
export type Xml = readonly (readonly [name: string, value: string | number | boolean | Xml])[]

export function document(name: string, children: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elements([[name, children]])}`
}

function elements(children: Xml): string {
  return children
    .map(
      ([name, value]) => `<${name}>${typeof value === 'object' ? elements(value) : escaped(String(value))}</${name}>`,
    )
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** Texts of all elements of that name, in order; for documents without nesting of the name. */
export function textsOf(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(match => unescaped(match[1] ?? ''))
}

function unescaped(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}
