import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTest, packageOf, ROOT, type SourceFile, sourcesOf, targetOf } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/**
 * Which folder may import which packages. A new arrow is a decision: draw it in ARCHITECTURE.md too.
 * Import cycles within a package are the linter's to refuse (biome.json).
 */
const PLATFORM: Readonly<Record<string, readonly string[]>> = {
  'platform/kernel': [],
  'platform/validation': ['kernel'],
  'platform/database': ['kernel'],
  'platform/http': ['kernel', 'validation'],
  'platform/room': ['kernel', 'database', 'http'],
  // A broker implements the broker port of the room `tasks`.
  'platform/brokers': ['kernel', 'tasks'],
}

const OF_THE_PLATFORM = ['kernel', 'validation', 'database', 'http', 'room']

/** A room stands on the platform and on the ports of `tasks`, and on a sister only where this says so. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  'modules/tasks': OF_THE_PLATFORM,
  'modules/fleet': [...OF_THE_PLATFORM, 'tasks'],
  'modules/identity': OF_THE_PLATFORM,
  // The list of rooms, and the sums made of it.
  'modules/rooms': [...OF_THE_PLATFORM, 'tasks', 'fleet', 'identity'],
}

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'packages/sdk': [],
  'packages/cli': ['sdk'],
  'packages/direct': ['kernel', 'validation', 'database', 'tasks', 'rooms', 'sdk'],
  'packages/worker': ['kernel', 'tasks', 'fleet', 'sdk'],
  'packages/server': [...OF_THE_PLATFORM, 'brokers', 'tasks', 'fleet', 'identity', 'rooms', 'worker'],
}

const EVERYTHING_BUT_THE_CLI = [...(PACKAGES['packages/server'] ?? []), 'server', 'direct', 'sdk']

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  'checks/testing': EVERYTHING_BUT_THE_CLI,
  'checks/e2e': [...EVERYTHING_BUT_THE_CLI, 'testing'],
  'checks/proof': [...EVERYTHING_BUT_THE_CLI, 'testing'],
  'checks/bench': [...EVERYTHING_BUT_THE_CLI, 'testing'],
  scripts: [...EVERYTHING_BUT_THE_CLI, 'testing'],
  // Examples show what a user has: the SDK and the direct client.
  examples: ['sdk', 'direct'],
}

const PRODUCTION = { ...PLATFORM, ...MODULES, ...PACKAGES }
const ARROWS = { ...PRODUCTION, ...CHECKS }

/** Single files that may do more, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // They run the process itself; loaded when asked for, so that no other command pays for it.
  'packages/cli/src/start.ts': ['server'],
  'packages/cli/src/migrate.ts': ['server'],
  'packages/cli/src/settings-options.ts': ['server'],
}

/** Relative paths that lead out of a folder, each with its reason. */
const TRESPASSES: Readonly<Record<string, RegExp>> = {
  // The fuzzer feeds inner parsers that no package exports.
  'checks/proof': /^checks\/proof\/fuzz\//,
  // Two tests of the cluster are short runs of a proof.
  'checks/e2e': /^checks\/e2e\/cluster\/(chaos|rolling-upgrade)\.test\.ts$/,
}

/** A type lives with the code that gives it meaning, and so does a function. */
const FOLDERS_WITHOUT_MEANING = ['utils', 'helpers', 'common', 'types', 'interfaces', 'lib']

/** Pure code must receive these as parameters. */
const IMPURE = [
  { what: 'Date.now()', pattern: /\bDate\.now\(/ },
  { what: 'the present time', pattern: /\bnew Date\(\s*\)/ },
  { what: 'randomness', pattern: /\bMath\.random\(/ },
  { what: 'a timer', pattern: /\bset(Timeout|Interval|Immediate)\(/ },
  { what: 'a stopwatch', pattern: /\bperformance\./ },
  { what: 'the process', pattern: /\bprocess\./ },
]

interface Folder {
  readonly home: string
  readonly name: string
  readonly allowed: readonly string[]
  readonly sources: readonly SourceFile[]
  readonly production: readonly SourceFile[]
}

const folders: readonly Folder[] = Object.entries(ARROWS).map(([home, allowed]) => {
  const sources = sourcesOf(home)
  const name = home.split('/').at(-1) ?? home
  return { home, name, allowed, sources, production: sources.filter((file) => !isTest(file)) }
})

const ours = (specifier: string): string | undefined => /^@taskflow\/([\w-]+)/.exec(specifier)?.[1]

function strangersIn(file: SourceFile, home: string, allowed: readonly string[]): string[] {
  return file.imports
    .map(({ specifier }) => ours(specifier))
    .filter((other) => other !== undefined && other !== home && !allowed.includes(other))
    .map((other) => `${file.path} imports ${other}`)
}

/** The composition opens the parts of rooms; an embedding process and a runner load only the part that they need. */
const INNER_DOORS: Readonly<Record<string, RegExp>> = {
  'modules/rooms': /^@taskflow\/[\w-]+\/(room|statements\/|invariants)/,
  'packages/direct': /^@taskflow\/tasks\/(admission|store)$/,
  'packages/worker': /^@taskflow\/tasks\/domain\//,
}

test('what is inside of a room is imported by the composition only, and otherwise by the door of the room', () => {
  const rooms = ['tasks', 'fleet', 'identity']
  const inner = folders
    .filter(({ home }) => /^(platform|modules|packages)\//.test(home))
    .flatMap(({ home, name, production }) =>
      production.flatMap((file) =>
        file.imports
          .filter(({ specifier }) => rooms.some((room) => room !== name && specifier.startsWith(`@taskflow/${room}/`)))
          .filter(({ specifier }) => !INNER_DOORS[home]?.test(specifier))
          .map(({ specifier }) => `${file.path} imports ${specifier}`),
      ),
    )
  expect(inner).toEqual([])
})

test('every folder of platform/, modules/, packages/ and checks/ is in the picture', () => {
  expect(
    globSync('{platform,modules,packages,checks}/*/', { cwd: ROOT })
      .map((path) => path.replace(/\/$/, ''))
      .sort(),
  ).toEqual(
    Object.keys(ARROWS)
      .filter((home) => home.includes('/'))
      .sort(),
  )
})

for (const { home, name, allowed, sources, production } of folders) {
  describe(home, () => {
    test(`imports only ${allowed.join(', ') || 'itself'}`, () => {
      const strangers = production.flatMap((file) =>
        strangersIn(file, name, [...allowed, ...(EXCEPTIONS[file.path] ?? [])]),
      )
      expect(strangers).toEqual([])
    })

    test('reaches no other folder by a relative path', () => {
      const trespasses = sources
        .filter(({ path }) => !TRESPASSES[home]?.test(path))
        .flatMap((file) =>
          file.imports
            .filter(({ specifier }) => specifier.startsWith('.'))
            .map(({ specifier }) => targetOf(file, specifier))
            .filter((target) => !target.startsWith(`${home}/`))
            .map((target) => `${file.path} imports ${target}`),
        )
      expect(trespasses).toEqual([])
    })
  })
}

/** Tests of the platform and of rooms are run over everything that is stored, which the kit opens. */
const IN_TESTS = [...OF_THE_PLATFORM, 'tasks', 'fleet', 'identity', 'rooms', 'testing']

for (const home of Object.keys(PRODUCTION)) {
  const { name, allowed, sources, production } = folders.find((each) => each.home === home) as Folder

  describe(home, () => {
    test('imports from its tests, beyond that, only the rooms and the test kit', () => {
      const strangers = sources
        .filter(isTest)
        .flatMap((file) => strangersIn(file, name, [...allowed, ...(name === 'sdk' ? ['testing'] : IN_TESTS)]))
      expect(strangers).toEqual([])
    })

    test('declares the packages it imports, and no others', () => {
      const imported = production
        .flatMap((file) => file.imports.map(({ specifier }) => specifier))
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf)
        .filter((each) => each !== `@taskflow/${name}`)
      const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, home, 'package.json'), 'utf8'))
      const declared = Object.keys(dependencies)
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

test('no package depends on itself by way of others', () => {
  const reach = (name: string, path: readonly string[] = []): readonly string[] => {
    if (path.includes(name)) return [[...path, name].join(' -> ')]
    const arrows = Object.entries(PRODUCTION).find(([home]) => home.endsWith(`/${name}`))?.[1] ?? []
    return arrows.flatMap((each) => reach(each, [...path, name]))
  }
  expect(folders.flatMap(({ name }) => reach(name))).toEqual([])
})

describe('the kernel and the domains', () => {
  // The one clock that is not given, but gives.
  const isClock = ({ path }: SourceFile): boolean => path.endsWith('/system-clock.ts')
  const pure = folders
    .flatMap(({ production }) => production)
    .filter((file) => /^platform\/kernel\/|^modules\/[\w-]+\/src\/domain\//.test(file.path) && !isClock(file))

  for (const { what, pattern } of IMPURE) {
    test(`do not take ${what}`, () => {
      expect(pure.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([])
    })
  }

  test('use nothing of Node but types', () => {
    const uses = pure.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, isType }) => specifier.startsWith('node:') && !isType)
        .map(({ specifier }) => `${path} imports ${specifier}`),
    )
    expect(uses).toEqual([])
  })
})

/** The roles themselves are a part of the port of authentication, which `identity` implements. */
const ACCESS = /^modules\/identity\/.* @taskflow\/http\/access$/

test('the domain of a room knows neither how it is stored nor how it is served', () => {
  const outwards = folders
    .flatMap(({ sources }) => sources)
    .filter(({ path }) => /^modules\/[\w-]+\/src\/domain\//.test(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ specifier }) =>
            /(store|routes|duties|statements|database|http)\b/.test(specifier) && !ACCESS.test(`${path} ${specifier}`),
        )
        .map(({ specifier }) => `${path} imports ${specifier}`),
    )
  expect(outwards).toEqual([])
})

test(`no folder is called ${FOLDERS_WITHOUT_MEANING.join(', ')}`, () => {
  const found = globSync(
    `{platform,modules,packages,checks,examples,scripts}/**/{${FOLDERS_WITHOUT_MEANING.join(',')}}`,
    { cwd: ROOT, exclude: (path) => path.includes('node_modules') },
  )
  expect(found).toEqual([])
})

test('nothing but the bench needs the bench', () => {
  const others = ['platform', 'modules', 'packages', 'checks', 'scripts', 'examples']
    .flatMap(sourcesOf)
    .filter(({ path }) => !path.startsWith('checks/bench/'))
  const needs = others.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => ours(specifier) === 'bench' || targetOf(file, specifier).startsWith('checks/bench/'))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  )
  expect(needs).toEqual([])
})
