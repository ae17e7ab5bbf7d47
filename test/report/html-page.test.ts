/** The page as markup: nothing of others' text becomes part of it, and it stays quick and whole at any size. */
import { describe, expect, test } from 'vitest'
import { htmlPage } from '../../src/report/html-page.ts'
import { aYear, failure, listed, NOW, proof, report } from './sample-history.ts'

const HOUR = 60 * 60 * 1000
const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\`&\u202e\x1b[2J`

describe('the page', () => {
  test('other people’s text is text, wherever it stands', () => {
    const time = NOW.getTime() - HOUR
    const page = htmlPage(
      report(
        [
          listed('database', time, failure(EVIL)),
          listed('files', time, { id: `'; rm -rf ~ #${EVIL}`, status: 'unread' }),
          listed('config', time, { expires: EVIL }),
        ],
        `s3://bucket/${EVIL}`,
      ),
    )
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).not.toContain('<img')
    expect(page).not.toContain('alert(1)</')
    for (const sign of ['\u202e', '\x1b']) expect(page).not.toContain(sign)
    expect(page).toContain('&#60;script&#62;alert(1)')
  })

  test('a command is quoted for a shell before it is escaped for the page', () => {
    const page = htmlPage(report([listed('files', NOW.getTime() - HOUR)], "file:/srv/it's here"))
    expect(page).toContain('--store &#39;file:/srv/it&#39;\\&#39;&#39;s here&#39;</code>')
  })

  test('nothing is asked of the network, and only this style and this script may run', () => {
    const page = htmlPage(report(aYear()))
    expect(page).toMatch(/content="default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+';/)
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:)|url\(|@import| style="| on\w+="/)
  })

  test('configuration is restored into a folder, as it must be; a failed run has no command', () => {
    const time = NOW.getTime() - HOUR
    expect(htmlPage(report([listed('config', time)]))).toContain('--into ./restored-config')
    expect(htmlPage(report([listed('config', time, failure('no'))]))).not.toContain('comeback restore')
  })

  test('what no key has vouched for is marked, above all records and at each', () => {
    const time = NOW.getTime() - HOUR
    const forged = listed('database', time, { authenticated: false })
    const all = htmlPage(report([forged]))
    expect(all).toContain('No record here was authenticated')
    expect(all).toContain('50 kB new · not authenticated')
    const own = listed('database', time - HOUR)
    const damaged = listed('files', time, { status: 'damaged', authenticated: false })
    expect(htmlPage(report([forged, own, damaged]))).toContain('1 record of 3 was not authenticated')
    expect(htmlPage(report([own, damaged]))).not.toContain('authenticated')
  })

  test('an empty store has a page, too', () => {
    expect(htmlPage(report([]))).toContain('There is no backup here yet.')
  })

  test('ten thousand backups are drawn within seconds', () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      listed('database', NOW.getTime() - index * HOUR * 0.8, {
        proof: proof(NOW.getTime() - index * HOUR, 'verified', 60),
      }),
    )
    const start = performance.now()
    const page = htmlPage(report(many))
    expect(performance.now() - start).toBeLessThan(3_000)
    expect(page.length).toBeLessThan(12_000_000)
  })

  test('the same history makes the same page', () => {
    expect(htmlPage(report(aYear()))).toBe(htmlPage(report(aYear())))
  })
})
