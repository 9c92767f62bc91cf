import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTest, ROOT, type SourceFile, sourcesOf } from '@taskflow/testing/sources'
import { expect, test } from 'vitest'
import { ABORT_REASONS, FAILURES } from './failures.ts'

const REGISTRY = 'modules/tasks/src/domain/failures.ts'

const names = [...new Set([...Object.keys(FAILURES), ...Object.keys(ABORT_REASONS)])]

/** The code that writes failures of tasks. The names of errors begin with a capital letter, all other names do not. */
const production = ['modules', 'packages/worker']
  .flatMap((folder) => sourcesOf(folder))
  .filter((file) => !isTest(file) && file.path !== REGISTRY)

const found = (pattern: RegExp, { path, code }: Pick<SourceFile, 'path' | 'code'>): string[] =>
  [...code.matchAll(pattern)].map(([, name]) => `${path} names ${name}`)

test('no failure is written as a literal, but by the functions that know the registry', () => {
  expect(production.flatMap((file) => found(/\bname:\s*['"`]([A-Z]\w*)/g, file))).toEqual([])
})

test('every error class that a worker throws for a handler has a name of the registry', () => {
  const classes = production.flatMap((file) => [...file.code.matchAll(/\bname(?::\s*\w+)?\s*=\s*['"`]([A-Z]\w*)/g)])
  expect(classes.length).toBeGreaterThan(0)
  expect(classes.map(([, name]) => name).filter((name = '') => !names.includes(name))).toEqual([])
})

test('no statement writes the name of a failure', () => {
  const statements = globSync('modules/*/src/**/*.sql', { cwd: ROOT }).map((path) => ({
    path,
    code: readFileSync(join(ROOT, path), 'utf8'),
  }))
  expect(statements.length).toBeGreaterThan(0)
  expect(statements.flatMap((file) => found(/'name',\s*'([A-Z]\w*)'/g, file))).toEqual([])
})

test('every name of the registry is used', () => {
  expect(names.filter((name) => !production.some(({ code }) => code.includes(`'${name}'`)))).toEqual([])
})

test('every description is one sentence for what happened and one for what to do', () => {
  for (const { meaning, hint } of [...Object.values(FAILURES), ...Object.values(ABORT_REASONS)])
    for (const sentence of [meaning, hint]) expect(sentence).toMatch(/^[A-Z`].*[^.]\.$/)
})
