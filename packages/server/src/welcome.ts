import type { TaskFlowProcess } from './compose.ts'
import type { Settings } from './config.ts'
import { VERSION } from './version.ts'

/** What a start prints for the person before the screen: where it is, how to sign in, what to try. */
export function welcome({ url, administrator }: TaskFlowProcess, settings: Settings): string {
  const store = settings.databaseUrl === undefined ? `embedded PostgreSQL in ${settings.dataDir}` : 'PostgreSQL'
  const lines = [`TaskFlow ${VERSION} is ready: ${settings.roles.join(', ')} over ${store}.`]
  if (url !== undefined) lines.push('', ...tryThis(url, administrator, settings))
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`
}

function tryThis(url: string, { secret, isNew }: TaskFlowProcess['administrator'], settings: Settings): string[] {
  const token = tokenFor(secret, isNew, settings)
  return [
    `API         ${url}`,
    `Reference   ${url}/docs`,
    `Sign in     ${signIn(secret, isNew, settings)}`,
    '',
    'Try it:',
    '',
    `  curl -s ${url}/v1/tasks -H "Authorization: Bearer ${token}" \\`,
    `    -H 'Content-Type: application/json' -d '{"type":"hello","payload":{"name":"World"}}'`,
    '',
    '  npx taskflow tasks submit hello --wait',
    '  npx taskflow tasks list',
    '  npm run demo',
  ]
}

/** The secret itself is printed once: what starts again and again should not fill the logs with it. */
function tokenFor(secret: string | undefined, isNew: boolean, settings: Settings): string {
  if (secret === undefined) return '$TASKFLOW_TOKEN'
  return isNew ? secret : `$(cat ${settings.dataDir}/admin.key)`
}

function signIn(secret: string | undefined, isNew: boolean, settings: Settings): string {
  if (secret === undefined) return 'with the administrator key of the first start, or TASKFLOW_ADMIN_TOKEN'
  if (!isNew) return `administrator, by the key in ${settings.dataDir}/admin.key`
  const where = settings.databaseUrl === undefined ? `kept in ${settings.dataDir}/admin.key` : 'it is not shown again'
  // The key stands alone, so that a double click takes it whole.
  return `administrator, by the key ${secret} (created now; ${where})`
}
