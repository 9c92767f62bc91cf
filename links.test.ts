import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/** The pages are read here, in an editor and on the repository's host: every link within them must lead somewhere. */
const pages = globSync('**/*.md', { cwd: ROOT, exclude: (path) => /(^|\/)(node_modules|\.git)(\/|$)/.test(path) })

interface Link {
  readonly target: string
  readonly anchor: string | undefined
}

function linksIn(page: string): Link[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      return { target: path === '' ? page : join(dirname(page), path), anchor }
    })
}

/** Without blocks of code, in which brackets are not links. */
const proseOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')

/** Of headings, as the hosts of repositories make them, and those set by hand. */
function anchorsOf(page: string): string[] {
  const prose = proseOf(page)
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorFor(heading))
  return [...headings, ...[...prose.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)]
}

const anchorFor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

describe('every link resolves', () => {
  test.each(pages)('of %s', (page) => {
    const links = linksIn(page)
    const missing = links.filter(({ target }) => !existsSync(join(ROOT, target)))
    const astray = links
      .filter((link) => !missing.includes(link) && link.anchor !== undefined && link.target.endsWith('.md'))
      .filter(({ target, anchor = '' }) => !anchorsOf(target).includes(anchor))
    expect([...missing, ...astray].map(({ target, anchor }) => [target, anchor].filter(Boolean).join('#'))).toEqual([])
  })
})

test('every page under docs is reached from the map', () => {
  const mapped = linksIn('docs/README.md').map(({ target }) => target)
  const unmapped = pages.filter(
    (page) => /^docs\/(start|concepts|guides|reference)\//.test(page) && !mapped.includes(page),
  )
  expect(unmapped).toEqual([])
})

test('no link leads outside of the repository', () => {
  const outside = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\((https?:[^)]+)\)/g)].map(([, url]) => `${page}: ${url}`),
  )
  expect(outside).toEqual([])
})
