/** Lists as api.github.com sends them: so many a page, with links to the others. */

const PAGE = 30
const LARGEST_PAGE = 100

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly headers: Readonly<Record<string, string>>
}

export function pageOf<Item>(origin: string, url: URL, all: readonly Item[]): Page<Item> {
  const size = Math.min(Number(url.searchParams.get('per_page') ?? PAGE), LARGEST_PAGE)
  const page = Number(url.searchParams.get('page') ?? 1)
  const last = Math.max(Math.ceil(all.length / size), 1)
  const link = (number: number, relation: string) => {
    const target = new URL(url.pathname + url.search, origin)
    target.searchParams.set('page', String(number))
    return `<${target}>; rel="${relation}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ]
  const items = all.slice((page - 1) * size, page * size)
  return { items, headers: links.length === 0 ? {} : { link: links.join(', ') } }
}
