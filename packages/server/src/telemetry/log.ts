import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import { redact, redactField } from './redact.ts'

interface Settings {
  readonly logLevel: string
}

/** Fields of whole objects, which have forms of their own; those are redacted once they are made. */
const serializers = {
  err: (error: unknown) => redact(pino.stdSerializers.err(error as Error)),
  // The HTTP framework logs these with its own errors. A query string may have secrets.
  req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split('?', 1)[0] }),
  res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
}

const redactFields = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name in serializers ? value : redactField(name, value)]),
  )

const FIXED = { base: null, serializers, formatters: { log: redactFields } }

/** Makes the log of the process: readable lines on a terminal, JSON otherwise. */
export function createLog({ logLevel }: Settings, destination?: DestinationStream): Logger {
  const options = { ...FIXED, level: logLevel }
  if (destination) return pino(options, destination)
  return process.stdout.isTTY
    ? pino(options, PinoPretty({ translateTime: 'SYS:HH:MM:ss.l', sync: true }))
    : pino(options)
}
