import { afterEach, expect, test, vi } from 'vitest'
import { optionsOrHint, wholeNumber } from './command-line.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test.each(['1', '20', '007'])('takes %s for a whole number', (text) => {
  expect(wholeNumber('rounds', text)).toBe(Number(text))
})

test.each(['0', '', '-1', '1.5', '1e3', 'many', '9007199254740993'])(
  'refuses "%s" as a whole number, by name',
  (text) => {
    expect(() => wholeNumber('rounds', text)).toThrow(`Expected --rounds to be a whole number from 1, got ${text}`)
  },
)

test('ends with 2, the reason and where help is, at options that cannot be followed', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as never)
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  optionsOrHint('bench', () => wholeNumber('rounds', 'many'))
  expect(exit).toHaveBeenCalledWith(2)
  expect(told.mock.calls).toEqual([
    ['Expected --rounds to be a whole number from 1, got many\nSee: npm run bench -- --help'],
  ])
})

test('hides no other error', () => {
  const broken = (): never => {
    throw new Error('the disk is full')
  }
  expect(() => optionsOrHint('bench', broken)).toThrow('the disk is full')
})
