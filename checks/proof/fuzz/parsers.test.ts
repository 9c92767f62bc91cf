import type { Database } from '@taskflow/database'
import { pgliteDatabase } from '@taskflow/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsersRound } from './fuzz-parsers.ts'
import { TIMEOUT_MS } from './given-worlds.ts'
import { PARSERS, type Parser } from './parsers.ts'
import { slowness } from './slowness.ts'

const RUNS = 60

let db: Database
beforeAll(async () => {
  db = await pgliteDatabase()
})
afterAll(() => db.close())

test('every function that reads text from outside accepts any text or throws its documented error, in linear time', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { tried, failures } = await parsersRound(db, PARSERS, { seed: 1, runs: RUNS })
  expect(failures).toEqual([])
  expect(tried.texts).toBe(PARSERS.length * RUNS)
})

test.each<[string, Parser, RegExp]>([
  ['a parser that throws', { name: 'planted', read: decodeURIComponent }, /throws URIError/],
  [
    'a parser that returns a wrong value',
    { name: 'planted', read: Number, flawOf: (read) => (Number.isNaN(read) ? 'reads NaN' : undefined) },
    /reads NaN/,
  ],
])('finds %s', { timeout: TIMEOUT_MS }, async (_name, parser, complaint) => {
  const { failures } = await parsersRound(db, [parser], { seed: 1, runs: RUNS, isShrunk: false })
  expect(failures.map(({ sentence }) => sentence).join('\n')).toMatch(complaint)
})

test('finds a pattern that backtracks over runs of blanks', { timeout: TIMEOUT_MS }, () => {
  const parser: Parser = { name: 'planted', read: (text) => text.replace(/\s+$/, '') }
  expect(slowness(parser, { before: '', pump: ' ', after: 'x' })).toMatch(/times as long/)
  expect(slowness(parser, { before: '', pump: 'a', after: ' ' })).toBeUndefined()
})
