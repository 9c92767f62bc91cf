import { resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { npmCommand, numberAboveZero, path, wholeNumber } from './command-line.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test.each(['1', '20', '007'])('takes %s for a whole number', (text) => {
  expect(wholeNumber()(text)).toBe(Number(text))
})

test.each(['0', '', '-1', '1.5', '1e3', 'many', '9007199254740993'])('refuses "%s" as a whole number', (text) => {
  expect(() => wholeNumber()(text)).toThrow('Expected a whole number from 1')
})

test.each(['0', '', '-1', 'ten', 'Infinity'])('refuses "%s" as a number above 0', (text) => {
  expect(() => numberAboveZero(text)).toThrow('Expected a number above 0')
})

/** Parses the words in this process, whose exit is caught. */
function parse(...words: string[]) {
  const output: string[] = []
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit')
  })
  const command = npmCommand('bench', 'Measures something.')
    .option('--rounds <n>', 'rounds', wholeNumber(), 3)
    .configureOutput({ writeErr: (text) => output.push(text), writeOut: (text) => output.push(text) })
  expect(() => command.parse(words, { from: 'user' })).toThrow('exit')
  return { code: exit.mock.calls[0]?.[0], output: output.join('') }
}

test.each([
  [['--rounds', 'many'], /--rounds <n>.*'many' is invalid. Expected a whole number from 1/],
  [['--gnats'], /unknown option '--gnats'/],
  [['gnats'], /too many arguments/],
])('ends with 2, the reason and where help is, when given %j', (words, reason) => {
  const { code, output } = parse(...words)
  expect(code).toBe(2)
  expect(output).toMatch(reason)
  expect(output).toMatch(/^See: npm run bench -- --help$/m)
})

test('shows how it is called and what each option is by default, and ends with 0', () => {
  const { code, output } = parse('--help')
  expect(code).toBe(0)
  expect(output).toMatch(/^Usage: npm run bench -- \[options\]$/m)
  expect(output).toMatch(/--rounds <n> +rounds \(default: 3\)/)
})

test('reads a path from the working directory', () => {
  const command = npmCommand('bench', 'Measures.').option('--profile <folder>', 'profiles', path)
  expect(command.parse(['--profile', 'profiles'], { from: 'user' }).opts()).toEqual({ profile: resolve('profiles') })
})
