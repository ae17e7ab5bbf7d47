import { describe, expect, it, test } from 'vitest'
import { selectPaths } from '../../src/files/selection.ts'

const ROOT = '/srv/app'

/** Whether the walk, which takes a named folder whole, would take this path. */
function takes(include: readonly string[], path: string, exclude: readonly string[] = []): boolean {
  const selection = selectPaths(ROOT, include, exclude)
  const ancestors = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
  if (ancestors.some(ancestor => selection.excludes(ancestor))) return false
  const reached = ancestors.findIndex((ancestor, index) => selection.includes(ancestor) && index >= 0)
  if (reached < 0) return selection.includes('')
  // What is named but never reached would be missed.
  expect(ancestors.slice(0, reached).every(ancestor => selection.mayHold(ancestor))).toBe(true)
  return true
}

test.each<[pattern: string, path: string, taken: boolean]>([
  ['uploads', 'uploads', true],
  ['uploads', 'uploads/a/b.jpg', true],
  ['uploads', 'uploads/.htaccess', true],
  ['uploads', 'uploads2', false],
  ['uploads/', 'uploads/a', true],
  ['./uploads', 'uploads/a', true],
  ['/srv/app/uploads', 'uploads/a', true],
  ['uploads/**', 'uploads/a/b', true],
  ['uploads/**', 'uploads/.hidden/b', true],
  ['uploads/*.jpg', 'uploads/a.jpg', true],
  ['uploads/*.jpg', 'uploads/a.png', false],
  ['uploads/*.jpg', 'uploads/deep/a.jpg', false],
  ['**/*.jpg', 'a.jpg', true],
  ['**/*.jpg', 'x/y/z/a.jpg', true],
  ['**/*.jpg', '.git/a.jpg', false],
  ['**/.well-known/*', 'x/.well-known/a', true],
  ['*', 'anything/below/.it', true],
  ['*', '.env', false],
  ['.env', '.env', true],
  ['.env*', '.env.local', true],
  ['.', '.env', true],
  ['.', 'a/b/.c', true],
  ['/srv/app', 'a/.b', true],
  ['{a,b}/c', 'b/c/d', true],
  ['x/{a/b,c}/d', 'x/a/b/d', true],
  ['x/{a/b,c}/d', 'y/a/b/d', false],
  ['a[1]/x', 'a1/x', true],
  ['a[1]', 'a[1]/y', true],
  ['a\\*b', 'a*b/c', true],
  ['a?c/*', 'abc/d', true],
  ['größe/日本', 'größe/日本/x', true],
])('the pattern %s: %s -> %s', (pattern, path, taken) => {
  expect(takes([pattern], path)).toBe(taken)
})

test.each<[exclusion: string, path: string, taken: boolean]>([
  ['node_modules', 'a/node_modules/x', false],
  ['*.log', 'deep/er/x.log', false],
  ['*.log', '.hidden/x.log', false],
  ['cache/*', 'cache/x', false],
  ['cache/*', 'deep/cache/x', true],
  ['**/cache/*', 'deep/cache/x', false],
  ['/srv/app/cache', 'cache/x', false],
  ['tmp/', 'a/tmp/x', false],
])('the exclusion %s of everything: %s -> %s', (exclusion, path, taken) => {
  expect(takes(['.'], path, [exclusion])).toBe(taken)
})

describe('a pattern that leads out of the root', () => {
  it('makes every path start at the file system', () => {
    const selection = selectPaths(ROOT, ['uploads', '/var/www/**', '../other'], ['*.log', 'cache/x'])
    expect(selection.base).toBe('/')
    for (const path of ['srv/app/uploads', 'var/www', 'srv/other']) expect(selection.includes(path), path).toBe(true)
    expect(selection.includes('uploads')).toBe(false)
    expect(selection.excludes('var/www/x.log')).toBe(true)
    expect(selection.excludes('srv/app/cache/x')).toBe(true)
    expect(selection.mayHold('srv/app')).toBe(true)
    expect(selection.mayHold('etc')).toBe(false)
  })
})

it('is not misled by wildcards in the name of the root', () => {
  const selection = selectPaths('/srv/{a,b}[1]*', ['x', '/srv/{a,b}[1]*/y'], [])
  expect(selection.base).toBe('/srv/{a,b}[1]*')
  expect(selection.includes('x')).toBe(true)
  expect(selection.includes('y')).toBe(true)
})

it('does not look into folders that no pattern leads through', () => {
  const selection = selectPaths(ROOT, ['a/b/*.txt', 'c*/d'], [])
  expect(['a', 'a/b', 'cx'].every(folder => selection.mayHold(folder))).toBe(true)
  expect(['b', 'a/c', 'a/b/c', 'cx/e', 'node_modules'].some(folder => selection.mayHold(folder))).toBe(false)
})

it('knows the patterns that named nothing', () => {
  const selection = selectPaths(ROOT, ['uploads', 'uploads/*.jpg', 'missing'], [])
  selection.includes('uploads')
  expect(selection.unmatched()).toEqual(['uploads/*.jpg', 'missing'])
  selection.includes('uploads/a.jpg')
  expect(selection.unmatched()).toEqual(['missing'])
})

test.each([[[]], [['']], [['!uploads']], [['a\0b']]])('patterns %j are wrong usage', include => {
  expect(() => selectPaths(ROOT, include, [])).toThrow(expect.objectContaining({ code: 'usage' }))
})
