import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The source text of TaskFlow, for tests about its shape. */

export const ROOT = join(import.meta.dirname, '../../..')

export interface Import {
  readonly specifier: string
  /** Whether it brings types alone, so that nothing of it is there at run time. */
  readonly isType: boolean
}

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** All TypeScript and JavaScript under a folder, tests included. */
export function sourcesOf(folder: string): SourceFile[] {
  const paths = globSync(`${folder}/**/*.{ts,js}`, {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|generated|results)(\/|$)/.test(path),
  })
  return paths.sort().map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const code = withoutComments(text)
    return { path: path.replaceAll('\\', '/'), text, code, imports: importsIn(code) }
  })
}

export function isTest({ path }: SourceFile): boolean {
  return path.endsWith('.test.ts') || path.includes('/test/')
}

/** Where a relative import leads, from the repository's root. */
export function targetOf({ path }: SourceFile, specifier: string): string {
  return relative(ROOT, join(ROOT, dirname(path), specifier)).replaceAll('\\', '/')
}

/** `@scope/name` or `name`, whatever file of it is imported. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function importsIn(code: string): Import[] {
  const statements = [...code.matchAll(/\b(?:import|export)\s+(type\s)?(?:[\w\s{},*$]+?\sfrom\s+)?'([^'\n]+)'/g)]
  const calls = [...code.matchAll(/(\btypeof\s+)?\bimport\(\s*['`]([^'`\n$]+)/g)]
  return [...statements, ...calls].map(([, typeKeyword, specifier = '']) => ({
    specifier,
    isType: typeKeyword !== undefined,
  }))
}

/** Blanks comments and leaves strings; a regular expression that looks like a comment would fool it, and none does. */
function withoutComments(text: string): string {
  return text.replace(
    /('(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g,
    (_match, quoted) => quoted ?? '',
  )
}
