/**
 * The page's own script: choosing a day by keys or pointer, copying a command, light and dark. It adds no text of others to the
 * page, so nothing in a store can reach it. Plain text, as it runs in a browser and not here.
 */
export const PAGE_SCRIPT = `'use strict'
const root = document.documentElement
const byId = id => document.getElementById(id)

// Storage is refused to pages in some sandboxes: then the choice holds until the page is left.
const kept = {
  get() { try { return localStorage.getItem('comeback-theme') } catch (refused) { return null } },
  set(theme) { try { localStorage.setItem('comeback-theme', theme) } catch (refused) { return } },
}
const dark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
const toggle = byId('theme')
const paint = () => {
  toggle.setAttribute('aria-pressed', String(dark()))
}
const theme = kept.get()
if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
paint()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint)
toggle.addEventListener('click', () => {
  root.dataset.theme = dark() ? 'light' : 'dark'
  kept.set(root.dataset.theme)
  paint()
})

const built = Date.parse(byId('built').dateTime)
const days = Math.floor((Date.now() - built) / 86400000)
if (days >= 1) {
  byId('stale').textContent = 'This page is ' + days + (days === 1 ? ' day' : ' days') + ' old.'
  byId('stale').hidden = false
}

const cells = new Map()
for (const cell of document.querySelectorAll('td[data-d]')) {
  const same = cells.get(cell.dataset.d)
  if (same) same.push(cell)
  else cells.set(cell.dataset.d, [cell])
}
const order = [...cells.keys()].sort()
const articles = new Map([...document.querySelectorAll('article.day[id^="d-"]')].map(article => [article.id.slice(2), article]))
const recorded = [...articles.keys()].sort()
const none = byId('nothing')
let chosen
let shown
const long = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

function choose(day) {
  if (day === chosen || !cells.has(day)) return
  for (const cell of cells.get(chosen) || []) {
    cell.tabIndex = -1
    cell.setAttribute('aria-selected', 'false')
  }
  chosen = day
  for (const cell of cells.get(day)) {
    cell.tabIndex = 0
    cell.setAttribute('aria-selected', 'true')
  }
  if (shown) shown.hidden = true
  shown = articles.get(day) || none
  if (shown === none) {
    none.querySelector('h3').textContent = long.format(new Date(day)).replace(',', '')
    const before = recorded.findLast(other => other < day)
    const button = none.querySelector('button')
    button.hidden = before === undefined || !cells.has(before)
    button.dataset.to = before || ''
  }
  shown.hidden = false
}
none.querySelector('button').addEventListener('click', event => {
  const day = event.currentTarget.dataset.to
  choose(day)
  cells.get(day)[0].focus()
})

const STEPS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7, PageUp: -28, PageDown: 28 }
for (const grid of document.querySelectorAll('table[role=grid]')) {
  grid.addEventListener('keydown', event => {
    const cell = event.target.closest('td[data-d]')
    if (!cell || event.altKey || event.metaKey) return
    const last = order.length - 1
    let at = order.indexOf(cell.dataset.d)
    if (event.key === 'Home') at = event.ctrlKey ? 0 : at - at % 7
    else if (event.key === 'End') at = event.ctrlKey ? last : Math.min(last, at - at % 7 + 6)
    else if (STEPS[event.key] && !event.ctrlKey) at += STEPS[event.key]
    else return
    event.preventDefault()
    if (at < 0 || at > last) return
    choose(order[at])
    const next = grid.querySelector('td[data-d="' + order[at] + '"]')
    next.focus({ preventScroll: true })
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  })
  grid.addEventListener('click', event => {
    const cell = event.target.closest('td[data-d]')
    if (!cell) return
    choose(cell.dataset.d)
    cell.focus({ preventScroll: true })
  })
}
for (const box of document.querySelectorAll('.scroll')) box.scrollLeft = box.scrollWidth
choose(recorded.findLast(day => cells.has(day)) || order.at(-1))

for (const button of document.querySelectorAll('button.copy')) {
  button.addEventListener('click', async () => {
    const code = button.previousElementSibling
    let done = 'Copied'
    try {
      await navigator.clipboard.writeText(code.textContent)
    } catch (refused) {
      getSelection().selectAllChildren(code)
      done = 'Selected'
    }
    button.textContent = done
    byId('said').textContent = done === 'Copied' ? 'Command copied' : 'Command selected, copy it with your keyboard'
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  })
}
`
