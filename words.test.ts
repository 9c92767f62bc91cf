import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/**
 * The words that TaskFlow does not use, in its pages, its messages and its comments. The glossary says which term stands
 * in place of each. Readers meet TaskFlow for the first time, so it speaks the field's language.
 */
const BANNED: readonly (readonly [word: string, pattern: RegExp])[] = [
  ['word of', /\b(?:a|the|its?|no|has|had|bring\w*|brought|carr\w+) words? of\b/i],
  ['tell', /\b(?:tells?|told|telling)\b/i],
  ['hear of', /\bhear[sd]?\b/i],
  ['taker', /\btakers?\b/i],
  ['mend', /\bmend(?:s|ed|ing)?\b/i],
  ['bury', /\b(?:bury|buries|buried|burial)\b/i],
  ['whoever', /\b(?:whoever|whomever|lest|anew|rightly)\b/i],
  ['of which', /\bof (?:which|whom)\b/i],
  ['come of it', /\b(?:comes?|came) of (?:it|this|that)\b/i],
  ['hand back', /\b(?:hand|hands|handed|handing|give|gives|gave|given|giving) back\b/i],
  ['declared dead', /\bdeclared? dead\b/i],
  ['roll-call', /\b(?:roll-?calls?|hoard\w*|unheld|lookout)\b/i],
  ['said goodbye', /\bgoodbye\b/i],
]

/** A sentence that begins so has no subject in front. */
const INVERTED =
  /(?:^|[.:!?]\s+|\|\s*|\*\s+|\/\/\s+|--\s+)(?:Of (?:a|an|the|it|all|those|two|what|what|each|which)|Whoever|Those|What (?!is here|you need|to |you |next|it must|keeps))\b/

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(md|ts|tsx|js|sql|lua)$/.test(path) && existsSync(join(ROOT, path)))

/** Their checksums are in ledgers, their words cannot change. */
const isReleasedMigration = (path: string): boolean => /\/migrations\/000[1-7]_/.test(path)

const EXEMPT = new Set(['words.test.ts', 'docs/glossary.md', 'modules/rooms/schema.snapshot.sql'])

const files = tracked.filter((path) => !EXEMPT.has(path) && !isReleasedMigration(path) && !path.includes('/results/'))

interface Finding {
  readonly path: string
  readonly line: string
}

/** Comments and string literals of code, and all of a page. Identifiers are judged by the reviewers. */
function proseOf(path: string, text: string): string {
  if (path.endsWith('.md')) return text.replaceAll(/```[\s\S]*?```/g, (code) => code.replaceAll(/[^\n]/g, ' '))
  if (path.endsWith('.sql') || path.endsWith('.lua')) return linesWhere(text, /^\s*--|\s--\s/)
  return linesWhere(text, /^\s*(?:\*|\/\*|\/\/)|\/\/ |'[^']* [^']*'|`[^`]* [^`]*/)
}

const linesWhere = (text: string, pattern: RegExp): string =>
  text
    .split('\n')
    .map((line) => (pattern.test(line) ? line : ''))
    .join('\n')

const pages = files.map((path) => ({ path, prose: proseOf(path, readFileSync(join(ROOT, path), 'utf8')) }))

function find(pattern: RegExp): Finding[] {
  return pages.flatMap(({ path, prose }) =>
    prose
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [{ path: `${path}:${index + 1}`, line: line.trim().slice(0, 120) }] : [],
      ),
  )
}

describe('no page, message or comment says', () => {
  test.each(BANNED)('%s', (_word, pattern) => {
    expect(find(pattern).map(({ path, line }) => `${path} ${line}`)).toEqual([])
  })

  test('a sentence that begins with Of, Those, Whoever or What', () => {
    expect(find(INVERTED).map(({ path, line }) => `${path} ${line}`)).toEqual([])
  })
})

test('the glossary lists each of these words', () => {
  const glossary = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8')
  const section = glossary.slice(glossary.indexOf('## Words we do not use'))
  expect(BANNED.map(([word]) => word).filter((word) => !section.includes(word))).toEqual([])
})
