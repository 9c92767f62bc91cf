import type { Flags, SettingDescription } from '@taskflow/server'
import { type Command, Option } from 'commander'

/** The flags of a command that starts from settings: one for each, so that none is ever missing here. */
export function addSettings(command: Command, settings: readonly SettingDescription[]): void {
  command.optionsGroup('Settings (each also as the variable in brackets, or in taskflow.config.ts):')
  for (const { flag, env, description, default: fallback } of settings) {
    const hint = fallback === undefined ? `[${env}]` : `(default: ${words(fallback)}) [${env}]`
    command.addOption(new Option(`${flag} <value>`, `${lowerFirst(description)} ${hint}`))
  }
}

/** What was given, by setting. Text stays text: the server reads it as it reads its environment. */
export function flagsOf(command: Command, settings: readonly SettingDescription[]): Flags {
  const given = command.opts<Flags>()
  return Object.fromEntries(settings.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]])))
}

const words = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Not of a word in capitals, such as API. */
const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]| /.test(text.slice(0, 2)) ? text.charAt(0).toLowerCase() + text.slice(1) : text
