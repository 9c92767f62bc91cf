import type { Logger } from 'pino'
import type { Settings } from './config.ts'
import type { ProcessPorts } from './process-ports.ts'

/**
 * Loads the code of the HTTP server that the settings ask for. The HTTP framework and the metrics library come with it,
 * so a process that listens on no port carries neither.
 */
export async function loadHttpServer(settings: Settings, log: Logger): Promise<ProcessPorts['httpServer']> {
  const { roles, host, port, healthPort, adminToken, stopDelayMs } = settings
  const isApi = roles.includes('api')
  if (!isApi && healthPort === undefined) return undefined
  const { metricsOf } = await import('./telemetry/metrics.ts')
  const common = { settings, log, host, adminToken }
  if (isApi) {
    const { apiServer } = await import('./api-server.ts')
    return ({ events, dependencies, ...sources }) =>
      apiServer({ ...common, ...sources, port, stopDelayMs, metrics: metricsOf(events, dependencies) })
  }
  const { healthServer } = await import('./health-server.ts')
  return ({ events, dependencies, ...sources }) =>
    healthServer({ ...common, ...sources, port: healthPort ?? 0, metrics: metricsOf(events, dependencies) })
}
