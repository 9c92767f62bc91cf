import { brokerMetrics } from '@taskflow/brokers'
import { databaseMetrics } from '@taskflow/database'
import type { ObservedRequest } from '@taskflow/http'
import { type EventListeners, type Events, kernelMetrics, type Meters, type TaskFlowEvents } from '@taskflow/kernel'
import { ROOMS } from '@taskflow/rooms'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The metrics of this process. Only this module uses the metrics library; the rest of the process emits events. */
export interface ProcessMetrics {
  readonly contentType: string
  /** Returns the metrics in the text format of Prometheus. */
  render(): Promise<string>
  /** Lists all metrics, for the reference. */
  describe(): Promise<{ name: string; help: string; type: string; labels: readonly string[] }[]>
  observeRequest(request: ObservedRequest): void
  close(): void
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/**
 * Interval of the timer that measures the lag of the event loop; the metric includes this interval. Sampling every 10
 * ms, the default of the library, was most of the work of an idle process. Sampling every 100 ms was still two thirds
 * of the work of an idle API.
 */
export const LOOP_SAMPLE_MS = 500

/** The dependencies of this process. Each counts as up until it is lost. */
interface Dependencies {
  readonly broker?: string
  readonly databases?: readonly TaskFlowEvents['database.lost'][0]['database'][]
}

type Entry = readonly [name: keyof TaskFlowEvents, listener: () => void]

export function metricsOf(events: Events, { broker, databases = ['primary'] }: Dependencies = {}): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
  const meters = metersOn(registry)
  const requests = meters.histogram(
    'taskflow_http_request_duration_seconds',
    'Time from a request to the end of its reply; `held` is true for replies that waited for the end of a task',
    ['route', 'method', 'status', 'held'],
    REQUEST_SECONDS,
  )
  const counted: EventListeners[] = [
    kernelMetrics(meters),
    databaseMetrics(databases)(meters),
    brokerMetrics(broker)(meters),
    ...ROOMS.map((room) => room.metrics?.(meters) ?? {}),
  ]
  const listeners = counted.flatMap((each) => Object.entries(each) as unknown as Entry[])
  for (const [name, listener] of listeners) events.on(name, listener)

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    async describe() {
      const known = await registry.getMetricsAsJSON()
      return known.map(({ name, help, type }) => ({ name, help, type: String(type), labels: labelsOf(registry, name) }))
    },
    observeRequest({ route, method, status, isHeld, seconds }) {
      requests.observe({ route, method, status: String(status), held: String(isHeld) }, seconds)
    },
    close() {
      for (const [name, listener] of listeners) events.off(name, listener)
      registry.clear()
    },
  }
}

function metersOn(registry: Registry): Meters {
  const registers = [registry]
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: [...labels], registers }),
    gauge: (name, help, labels = []) => new Gauge({ name, help, labelNames: [...labels], registers }),
    histogram: (name, help, labels, buckets) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
  }
}

/** Returns the names of the labels, which the types of the library lack. */
function labelsOf(registry: Registry, name: string): readonly string[] {
  const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] }
  return labelNames
}
