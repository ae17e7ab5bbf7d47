/** The page in a real browser, by keyboard, at the width of a phone, light and dark. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { htmlPage } from '../../src/report/html-page.ts'
import { type Browser, type Page, startBrowser } from '../support/browser.ts'
import { hasTool, needTools } from '../support/stock-tool.ts'
import { aYear, failure, listed, NOW, report } from './sample-history.ts'

const NAMES = ['year', 'empty', 'hostile'] as const
const STORE = 's3://acme-backups/shop'

let folder: string
let browser: Browser | undefined
let page: Page

const urlOf = (name: (typeof NAMES)[number]) => pathToFileURL(join(folder, `${name}.html`)).href
const focused = () => page.evaluate<string | null>('document.activeElement.dataset.d ?? null')
const chosen = () =>
  page.evaluate<string[]>(`[...document.querySelectorAll('[aria-selected=true]')].map(cell => cell.dataset.d)`)
const heading = () => page.evaluate<string>(`document.querySelector('article:not([hidden]) h3').textContent`)
const command = () =>
  page.evaluate<string | null>(`document.querySelector('article:not([hidden]) .command code')?.textContent ?? null`)
const paper = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
const focusFirstGrid = () => page.evaluate(`document.querySelector('td[tabindex="0"]').focus()`)
/** Sideways, of the page and of the boxes that may not. */
const sideways = () =>
  page.evaluate<string[]>(
    `[document.documentElement, ...document.querySelectorAll('body *')]
      .filter(e => e === document.documentElement ? e.scrollWidth > innerWidth : !e.closest('.scroll, svg, .sr') && e.getBoundingClientRect().right > innerWidth + 1)
      .map(e => e.tagName + '.' + e.className)`,
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comeback-page-'))
  const evil = `</code></script><script>window.owned = 1</script><img src="http://127.0.0.1:9/x" onerror="owned = 1">`
  const pages = {
    year: report(aYear(), STORE),
    empty: report([]),
    hostile: report(
      [listed('database', NOW.getTime(), failure(evil)), listed('files', NOW.getTime(), { id: evil })],
      evil,
    ),
  }
  for (const name of NAMES) await writeFile(join(folder, `${name}.html`), htmlPage(pages[name]))
  if (hasTool('chromium')) browser = await startBrowser()
}, 30_000)

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the page in Chromium', () => {
  beforeEach(async context => {
    needTools(context, 'chromium')
    if (browser === undefined) throw new Error('no browser')
    page = await browser.newPage()
    await page.prefer('light')
    await page.open(urlOf('year'))
  })

  test('arrow keys move through the days and choose them, in every calendar at once', async () => {
    await focusFirstGrid()
    expect(await focused()).toBe('2026-11-25')
    const moves = [
      ['ArrowUp', '2026-11-24'],
      ['ArrowLeft', '2026-11-17'],
      ['ArrowDown', '2026-11-18'],
      ['ArrowRight', '2026-11-25'],
      ['ArrowRight', '2026-11-25'],
      ['Home', '2026-11-23'],
      ['PageUp', '2026-10-26'],
      ['End', '2026-11-01'],
    ] as const
    for (const [key, day] of moves) {
      await page.press(key)
      expect(await focused(), key).toBe(day)
      expect(await chosen(), key).toEqual([day, day, day])
    }
    expect(await heading()).toBe('Sunday 1 November 2026')
  })

  test('Tab enters each calendar once, at the chosen day, and the focus can be seen', async () => {
    await focusFirstGrid()
    await page.press('ArrowUp')
    await page.press('Tab')
    expect(await focused()).toBe('2026-11-24')
    expect(await page.evaluate(`document.activeElement.closest('table').getAttribute('aria-label')`)).toContain('files')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    expect(await page.evaluate(`document.querySelectorAll('td[tabindex="0"]').length`)).toBe(3)
  })

  test('the command restores the backup of the chosen day, and is copied', async () => {
    const before = await command()
    expect(before).toMatch(/^comeback restore database 20261125T\d{6}Z-data00 --store s3:\/\/acme-backups\/shop$/)
    await page.click('td[data-d="2026-11-20"]')
    expect(await heading()).toBe('Friday 20 November 2026')
    expect(await command()).toMatch(/^comeback restore database 20261120T\d{6}Z-data00 --store /)
    await page.click('article:not([hidden]) .copy')
    const said = await page.evaluate<string>(
      `new Promise(done => setTimeout(() => done(document.getElementById('said').textContent), 200))`,
    )
    expect(said).toMatch(/^Command (copied|selected)/)
  })

  test('a day without a backup says so, and leads to the one before it', async () => {
    await page.click('td[data-d="2026-07-25"]')
    expect(await heading()).toBe('Saturday 25 July 2026')
    expect(await command()).toBeNull()
    await page.click('#nothing button')
    expect((await chosen())[0]).toBe('2026-07-17')
    expect(await command()).toContain('20260717T')
    expect(await focused()).toBe('2026-07-17')
  })

  test('the theme follows the system until it is chosen, and the choice is kept', async () => {
    const light = await paper()
    await page.prefer('dark')
    const dark = await paper()
    expect(dark).not.toBe(light)
    await page.evaluate(`document.getElementById('theme').focus()`)
    await page.press('Enter')
    expect(await paper()).toBe(light)
    await page.open(urlOf('year'))
    expect(await paper()).toBe(light)
    expect(await page.evaluate(`document.getElementById('theme').getAttribute('aria-pressed')`)).toBe('false')
    await page.evaluate('localStorage.clear()')
  })

  test('a phone scrolls the calendar in its box, and the page never sideways', async () => {
    await page.resize(360, 740)
    for (const name of NAMES) {
      await page.open(urlOf(name))
      expect(await sideways(), name).toEqual([])
    }
    await page.open(urlOf('year'))
    const box = await page.evaluate<number[]>(
      `(b => [b.scrollWidth, b.clientWidth, b.scrollLeft])(document.querySelector('.scroll'))`,
    )
    expect(box[0]).toBeGreaterThan(box[1] ?? 0)
    // The newest days are the ones that are seen.
    expect(box[2]).toBeGreaterThan(0)
  })

  test('nothing but the page itself is asked for, nothing goes wrong, and others’ text does nothing', async () => {
    for (const name of NAMES) await page.open(urlOf(name))
    expect(await page.evaluate('typeof owned')).toBe('undefined')
    expect(page.errors).toEqual([])
    expect(page.requests.filter(url => !url.startsWith('data:'))).toEqual(
      ['year', ...NAMES].map(name => urlOf(name as (typeof NAMES)[number])),
    )
  })

  test('on paper the page is light, and has no buttons', async () => {
    await page.prefer('dark', 'print')
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light')
    expect(
      await page.evaluate(`[...document.querySelectorAll('button')].filter(b => b.offsetParent !== null).length`),
    ).toBe(0)
  })

  test('everything that can be used has a name', async () => {
    const nameless = await page.evaluate<number>(
      `[...document.querySelectorAll('button, td[data-d], table[role=grid], svg[role=img], code[tabindex]')].filter(e => !(e.getAttribute('aria-label') || e.textContent.trim())).length`,
    )
    expect(nameless).toBe(0)
  })
})
