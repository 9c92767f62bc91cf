import { SETTINGS, type SettingDescription } from '@taskflow/server'
import type { Generator } from './generator.ts'

const INTRODUCTION = `# Settings

Of \`taskflow start\`. A flag goes before the variable, the variable before \`taskflow.config.ts\`, and that before the
default. Lists are separated by commas. A wrong value stops the start, with a sentence that names it.
`

/** docs/reference/settings.md */
export const settingsReference: Generator = async () => {
  const rows = SETTINGS.map(
    (setting) => `| \`${setting.flag}\` | \`${setting.env}\` | ${defaultOf(setting)} | ${setting.description} |`,
  )
  const table = ['| Flag | Variable | Default | Meaning |', '| --- | --- | --- | --- |', ...rows]
  return [{ path: 'docs/reference/settings.md', content: `${INTRODUCTION}\n${table.join('\n')}\n` }]
}

function defaultOf({ name, default: fallback }: SettingDescription): string {
  // Of this machine; the page is for all.
  if (name === 'workerName') return 'the host name'
  return fallback === undefined ? '' : `\`${Array.isArray(fallback) ? fallback.join(',') : String(fallback)}\``
}
