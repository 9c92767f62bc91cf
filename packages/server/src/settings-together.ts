import type { SettingName, Settings } from './config.ts'
import { variableOf } from './variable-of.ts'

interface Need {
  readonly of: SettingName
  /** Value that needs the other setting; absent if any value does. */
  readonly value?: string
  readonly needs: SettingName
}

const NEEDS: readonly Need[] = [
  { of: 'broker', value: 'redis', needs: 'redisUrl' },
  { of: 'broker', value: 'redis', needs: 'databaseUrl' },
  { of: 'broker', value: 'rabbitmq', needs: 'amqpUrl' },
  { of: 'broker', value: 'rabbitmq', needs: 'databaseUrl' },
  { of: 'redisLowUrl', needs: 'redisUrl' },
  { of: 'databaseReadUrl', needs: 'databaseUrl' },
  { of: 'databaseDirectUrl', needs: 'databaseUrl' },
]

const NO_SHARED_DATABASE =
  'without api needs TASKFLOW_DATABASE_URL: no other process could reach the embedded database of this one'
const HEALTH_BESIDE_API =
  'TASKFLOW_HEALTH_PORT is only for processes without the role api, because TASKFLOW_PORT serves health, readiness ' +
  'and metrics too: remove it, or set TASKFLOW_ROLES (all roles by default)'

/** Describes the contradictions between settings that are each valid. */
export function contradictionsIn(settings: Settings): string[] {
  const { healthPort, roles } = settings
  const missing = NEEDS.filter(({ of, value, needs }) => {
    const isGiven = value === undefined ? settings[of] !== undefined : settings[of] === value
    return isGiven && settings[needs] === undefined
  }).map(
    ({ of, value, needs }) => `${variableOf(of)}${value === undefined ? '' : ` ${value}`} needs ${variableOf(needs)}`,
  )
  const isApi = roles.includes('api')
  return [
    ...missing,
    ...(isApi || settings.databaseUrl !== undefined ? [] : [`TASKFLOW_ROLES ${roles.join(',')} ${NO_SHARED_DATABASE}`]),
    ...(isApi && healthPort !== undefined ? [HEALTH_BESIDE_API] : []),
  ]
}

/** Describes the addresses of brokers that are not in use. */
export function unusedIn({ broker, redisUrl, amqpUrl }: Settings): string[] {
  const because = `has no effect while TASKFLOW_BROKER is ${broker}`
  return [
    ...(redisUrl !== undefined && broker !== 'redis' ? [`TASKFLOW_REDIS_URL ${because}`] : []),
    ...(amqpUrl !== undefined && broker !== 'rabbitmq' ? [`TASKFLOW_AMQP_URL ${because}`] : []),
  ]
}
