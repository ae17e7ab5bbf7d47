/** The state of the last proof as a badge: JSON for shields.io, and an SVG made here, which needs no server. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Verdict } from '../engine/proof.ts'
import type { VerifyReport } from './verify-report.ts'

const LABEL = 'restore'
/** Contrast of white text on them is 4.5 : 1 or more. */
const COLOURS: Readonly<Record<Verdict, string>> = {
  verified: '#1a7f37',
  failed: '#cf222e',
  'could-not-verify': '#8a5d00',
}
/** Seconds. A proof a week needs no more. */
const CACHE = 3600
/** Pixels of a character of 11 px Verdana, by its kind. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[il.,:;'|! ]/, 4],
  [/[mwMW]/, 10.5],
  [/[A-Z]/, 8],
  [/./, 7],
]

export interface Badge {
  readonly schemaVersion: 1
  readonly label: string
  readonly message: string
  readonly color: string
  readonly isError: boolean
  readonly cacheSeconds: number
}

/** As https://shields.io/badges/endpoint-badge has it. The day is written out: a badge that is not made anew must not look fresh. */
export function badgeOf({ verdict, proofs }: VerifyReport): Badge {
  const days = proofs.map(({ provedAt }) => provedAt.slice(0, 10)).sort()
  const words = { verified: 'verified', failed: 'FAILED', 'could-not-verify': 'not verified' }[verdict]
  return {
    schemaVersion: 1,
    label: LABEL,
    message: [words, ...(days[0] === undefined ? [] : [days[0]])].join(' '),
    color: COLOURS[verdict],
    isError: verdict !== 'verified',
    cacheSeconds: CACHE,
  }
}

export function badgeSvg({ label, message, color }: Badge): string {
  const [left, right] = [label, message].map(text => Math.ceil(widthOf(text)) + 12)
  const [l = 0, r = 0] = [left, right]
  const text = `${escaped(label)}: ${escaped(message)}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${l + r}" height="20" role="img" aria-label="${text}">
<title>${text}</title>
<clipPath id="r"><rect width="${l + r}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${l}" height="20" fill="#3d444d"/><rect x="${l}" width="${r}" height="20" fill="${color}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="${l / 2}" y="14" textLength="${l - 12}">${escaped(label)}</text>
<text x="${l + r / 2}" y="14" textLength="${r - 12}">${escaped(message)}</text>
</g>
</svg>
`
}

/** `badge.json` and `badge.svg`, each whole or not at all. */
export async function writeBadge(folder: string, report: VerifyReport): Promise<void> {
  const badge = badgeOf(report)
  await mkdir(folder, { recursive: true })
  for (const [name, text] of [
    ['badge.json', `${JSON.stringify(badge, null, 2)}\n`],
    ['badge.svg', badgeSvg(badge)],
  ] as const) {
    const fresh = join(folder, `.${name}.${process.pid}`)
    await writeFile(fresh, text)
    await rename(fresh, join(folder, name))
  }
}

function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (WIDTHS.find(([kind]) => kind.test(character))?.[1] ?? 7), 0)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
