import type { Flags, SettingDescription } from '@taskflow/server'
import { type Command, Option } from 'commander'

/** Adds one flag for each setting, so that no setting lacks a flag. */
export function addSettings(command: Command, settings: readonly SettingDescription[]): void {
  command.optionsGroup('Settings (also as the environment variable in brackets, or in taskflow.config.ts):')
  for (const { flag, env, description, default: fallback } of settings) {
    const hint = fallback === undefined ? `[${env}]` : `(default: ${words(fallback)}) [${env}]`
    command.addOption(new Option(`${flag} <value>`, `${lowerFirst(description)} ${hint}`))
  }
}

/**
 * Returns the given flags by the name of their setting. Values stay text: the server parses them like its environment.
 */
export function flagsOf(command: Command, settings: readonly SettingDescription[]): Flags {
  const given = command.opts<Flags>()
  return Object.fromEntries(settings.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]])))
}

const words = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Makes the first letter lower case, except in abbreviations such as API. */
const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]| /.test(text.slice(0, 2)) ? text.charAt(0).toLowerCase() + text.slice(1) : text
