import type { Administrator } from '@taskflow/identity'
import type { TaskFlowProcess } from './assemble.ts'
import type { Settings } from './config.ts'
import { VERSION } from './version.ts'

interface Reader {
  /** The task types that workers know. */
  readonly types: readonly string[]
  /** Whether a person reads the text, and nobody else. */
  readonly isTerminal: boolean
}

/** Returns the text that a start prints for the person at the terminal: the addresses, how to sign in, what to try. */
export function welcome(
  { url, administrator }: Pick<TaskFlowProcess, 'url' | 'administrator'>,
  settings: Settings,
  { types, isTerminal }: Reader,
): string {
  const store = settings.databaseUrl === undefined ? `embedded PostgreSQL in ${settings.dataDir}` : 'PostgreSQL'
  const broker = BROKERS[settings.broker]
  const lines = [`TaskFlow ${VERSION} is ready: ${settings.roles.join(', ')} over ${store}${broker}.`]
  if (url !== undefined && !settings.roles.includes('api')) lines.push('', `Health      ${url}/health`)
  else if (url !== undefined)
    lines.push(
      '',
      ...whereAndHow(url, administrator, settings, isTerminal),
      '',
      ...tryThis(url, administrator, settings, { types, isTerminal }),
    )
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`
}

const BROKERS = { postgres: '', redis: ' and Redis', rabbitmq: ' and RabbitMQ' } as const

const ON_ALL: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

function whereAndHow(url: string, { secret, isNew }: Administrator, settings: Settings, isTerminal: boolean): string[] {
  return [
    `API         ${url}${ON_ALL.has(settings.host) ? ' (and every other address of this machine)' : ''}`,
    `Reference   ${url}/docs`,
    `Sign in     ${signIn(secret, isNew, settings, isTerminal)}`,
  ]
}

/** Examples with the task type of the tutorial or a placeholder, and with the settings by which the command line finds this server. */
function tryThis(
  url: string,
  { secret, isNew }: Administrator,
  settings: Settings,
  { types, isTerminal }: Reader,
): string[] {
  if (types.length === 0) return ['No worker has task modules yet: see docs/guides/task-modules.md.']
  // A task of the user's own may do anything, so the reader chooses it.
  const isHello = types.includes('hello')
  const type = isHello ? 'hello' : '<type>'
  const payload = isHello ? '{"name":"World"}' : '{}'
  const taskflow = `${environmentFor(settings)}npx taskflow`
  const at = url === DEFAULT_URL ? '' : ` --url ${url}`
  return [
    isHello ? 'Try it:' : `Try it, with one of the task types ${some(types)}:`,
    '',
    `  curl -s ${url}/v1/tasks -H "Authorization: Bearer ${tokenFor(secret, isNew && isTerminal, settings)}" \\`,
    `    -H 'Content-Type: application/json' -d '{"type":"${type}","payload":${payload}}'`,
    '',
    `  ${taskflow} tasks submit ${type} --payload '${payload}' --wait${at}`,
    `  ${taskflow} tasks list${at}`,
    ...(types.includes('packages.inspect') && at === '' ? [`  ${environmentFor(settings)}npm run demo`] : []),
  ]
}

const SHOWN_TYPES = 5

const some = (types: readonly string[]): string =>
  types.slice(0, SHOWN_TYPES).join(', ') + (types.length > SHOWN_TYPES ? ', …' : '')

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** The command line reads the key from the default data folder; any other folder must be named. */
function environmentFor({ databaseUrl, dataDir }: Settings): string {
  return databaseUrl !== undefined || dataDir === '.taskflow' ? '' : `TASKFLOW_DATA_DIR=${dataDir} `
}

/** Prints the secret only when it is new and a person reads it, so that no log contains it. */
function tokenFor(secret: string | undefined, isShown: boolean, settings: Settings): string {
  if (settings.adminToken !== undefined) return '$TASKFLOW_ADMIN_TOKEN'
  if (secret === undefined) return '$TASKFLOW_TOKEN'
  return isShown ? secret : `$(cat ${settings.dataDir}/admin.key)`
}

function signIn(secret: string | undefined, isNew: boolean, settings: Settings, isTerminal: boolean): string {
  if (settings.adminToken !== undefined) return 'with TASKFLOW_ADMIN_TOKEN'
  if (secret === undefined)
    return "with the administrator's key of the first start in a terminal, or set TASKFLOW_ADMIN_TOKEN"
  if (!isNew || !isTerminal) return `with the administrator's key in ${settings.dataDir}/admin.key`
  const where = settings.databaseUrl === undefined ? `kept in ${settings.dataDir}/admin.key` : 'it is not shown again'
  // Spaces around the key, so that a double click selects all of it.
  return `with the administrator's key ${secret} (created now; ${where})`
}
