import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

/** Names of fields whose values are never logged. */
const SECRETS = [
  'authorization',
  'secret',
  'token',
  'adminToken',
  'databaseUrl',
  'databaseReadUrl',
  'databaseDirectUrl',
  'redisUrl',
  'redisLowUrl',
  'amqpUrl',
  'password',
  'connectionString',
]

const redact = { paths: SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' }

interface Settings {
  readonly logLevel: string
}

/** Makes the log of the process: readable lines on a terminal, JSON otherwise. */
export function createLog({ logLevel }: Settings, destination?: DestinationStream): Logger {
  const options = { level: logLevel, base: null, redact }
  if (destination) return pino(options, destination)
  return process.stdout.isTTY
    ? pino(options, PinoPretty({ translateTime: 'SYS:HH:MM:ss.l', sync: true }))
    : pino(options)
}
