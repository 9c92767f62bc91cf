import { SETTINGS, type SettingDescription } from '@taskflow/server'
import type { Generator } from './generator.ts'

const INTRODUCTION = `# Settings

This page lists the settings of \`taskflow start\`. A flag overrides the variable, the variable overrides
\`taskflow.config.ts\`, and that file overrides the default. Lists are separated by commas. TaskFlow does not start with
an invalid value, and names it in the message.
`

/** Writes docs/reference/settings.md. */
export const settingsReference: Generator = async () => {
  const rows = SETTINGS.map(
    (setting) => `| \`${setting.flag}\` | \`${setting.env}\` | ${defaultOf(setting)} | ${setting.description} |`,
  )
  const table = ['| Flag | Variable | Default | Meaning |', '| --- | --- | --- | --- |', ...rows]
  return [{ path: 'docs/reference/settings.md', content: `${INTRODUCTION}\n${table.join('\n')}\n` }]
}

function defaultOf({ name, default: fallback }: SettingDescription): string {
  // The default depends on the machine.
  if (name === 'workerName') return 'the host name'
  return fallback === undefined ? '' : `\`${Array.isArray(fallback) ? fallback.join(',') : String(fallback)}\``
}
