/** The common part of the commands of `bench` and `proof`. Each reads its options with commander. */
import { resolve } from 'node:path'
import { Command, Help, InvalidArgumentError } from 'commander'

// The same as that of `taskflow`; 1 says that a run found something.
const EXIT_OF_WRONG_USAGE = 2

const HELP_WIDTH = 120

/**
 * A command that starts with `npm run <name>`. Options that it does not know or understand end it with 2.
 *
 * @param description paragraphs; within a paragraph line breaks do not matter
 */
export function npmCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description.replaceAll(/(?<=\S)\n(?=\S)/g, ' '))
    .helpOption('-h, --help', 'show this help')
    .showHelpAfterError(`See: npm run ${name} -- --help`)
    .configureHelp({ helpWidth: HELP_WIDTH })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_OF_WRONG_USAGE))
}

/** Parses an option's value: a whole number. */
export const wholeNumber =
  (least = 1) =>
  (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`)
  }

/** Parses an option's value: a number above 0, with or without a fraction. */
export function numberAboveZero(text: string): number {
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError('Expected a number above 0.')
}

/** Parses an option's value: the path of a folder or file, from the working directory. */
export const path = (text: string): string => resolve(text)

/** Names and what each of them is, for the end of a help text. */
export function listOfNames(title: string, items: readonly { readonly name: string; readonly summary: string }[]) {
  const help = new Help()
  help.prepareContext({ helpWidth: HELP_WIDTH })
  const width = Math.max(...items.map(({ name }) => name.length))
  const lines = items.map(({ name, summary }) => help.formatItem(name, width, summary, help))
  return `\n${help.formatItemList(`${title}:`, lines, help).join('\n').trimEnd()}`
}
