import type { SettingName, Settings } from './config.ts'
import { variableOf } from './variable-of.ts'

interface Need {
  readonly of: SettingName
  /** Where it is only one value that needs the other. */
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

const ALONE = 'without api needs TASKFLOW_DATABASE_URL: a database of its own would be shared with no other process'
const HEALTH_BESIDE_API =
  'TASKFLOW_HEALTH_PORT has no use in a process with role api (all roles by default), whose port serves the same'

/** Between settings that are right each by itself. */
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
    ...(isApi || settings.databaseUrl !== undefined ? [] : [`TASKFLOW_ROLES ${roles.join(',')} ${ALONE}`]),
    ...(isApi && healthPort !== undefined ? [HEALTH_BESIDE_API] : []),
  ]
}

/** Addresses of brokers that are not asked. */
export function idleIn({ broker, redisUrl, amqpUrl }: Settings): string[] {
  const because = `has no effect while TASKFLOW_BROKER is ${broker}`
  return [
    ...(redisUrl !== undefined && broker !== 'redis' ? [`TASKFLOW_REDIS_URL ${because}`] : []),
    ...(amqpUrl !== undefined && broker !== 'rabbitmq' ? [`TASKFLOW_AMQP_URL ${because}`] : []),
  ]
}
