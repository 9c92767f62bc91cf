import type { Events, TaskFlowEvents } from '@taskflow/core'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * What this process counts. Only here is the metrics library known: the rest of
 * the process says what happened by events.
 */
export interface Metrics {
  readonly contentType: string
  /** The text that Prometheus reads. */
  render(): Promise<string>
  /** What is counted, for the reference. */
  describe(): Promise<{ name: string; help: string; type: string; labels: readonly string[] }[]>
  observeRequest(request: { route: string; method: string; status: number; seconds: number }): void
  close(): void
}

// From a task that does nothing to one of an hour.
const TASK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]

/**
 * The loop's lag is sampled by a timer, and the metric contains the pause. Every 10 ms, the library's own choice, was the
 * greater part of what an idle process does, and every 100 ms still two thirds of what an idle API does.
 */
export const LOOP_SAMPLE_MS = 500

type Listeners = { [Name in keyof TaskFlowEvents]?: (...detail: TaskFlowEvents[Name]) => void }

/** What this process has started with, told of from the start and not only when it is lost. */
interface Dependencies {
  readonly broker?: string
  readonly databases?: readonly TaskFlowEvents['database.lost'][0]['database'][]
}

export function metricsOf(events: Events, dependencies: Dependencies = {}): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
  const requests = new Histogram({
    name: 'taskflow_http_request_duration_seconds',
    help: 'Time from a request to the end of its reply, held replies included',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers: [registry],
  })
  const listeners: Listeners = {
    ...countTasks(registry),
    ...countDuties(registry),
    ...countLeadership(registry),
    ...countDispatches(registry, dependencies),
    ...watchDatabases(registry, dependencies),
  }
  for (const [name, listener] of Object.entries(listeners))
    events.on(name as keyof TaskFlowEvents, listener as () => void)

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    async describe() {
      const known = await registry.getMetricsAsJSON()
      return known.map(({ name, help, type }) => ({ name, help, type: String(type), labels: labelsOf(registry, name) }))
    },
    observeRequest({ seconds, ...labels }) {
      requests.observe(labels, seconds)
    },
    close() {
      for (const [name, listener] of Object.entries(listeners)) {
        events.off(name as keyof TaskFlowEvents, listener as () => void)
      }
      registry.clear()
    },
  }
}

/** The library keeps the names of labels, but its types do not tell. */
function labelsOf(registry: Registry, name: string): readonly string[] {
  const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] }
  return labelNames
}

function countTasks(registry: Registry): Listeners {
  const registers = [registry]
  const limited = limitLabels()
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers })

  const submitted = counter('taskflow_tasks_submitted_total', 'Tasks stored by this process', ['type', 'queue'])
  const claimed = counter('taskflow_tasks_claimed_total', 'Tasks claimed by the worker of this process', ['queue'])
  const waited = histogram('taskflow_task_wait_seconds', 'From ready to claimed', ['queue'], TASK_SECONDS)
  const settled = counter('taskflow_tasks_settled_total', 'Attempts settled, by what became of the task', [
    'queue',
    'verb',
  ])
  const ran = histogram('taskflow_task_duration_seconds', 'Time of one attempt', ['type', 'verb'], TASK_SECONDS)
  const lost = counter('taskflow_leases_lost_total', 'Results refused because their lease was lost')
  const cancelled = counter('taskflow_tasks_cancelled_total', 'Cancellations asked of this process')
  const redriven = counter('taskflow_tasks_redriven_total', 'Tasks sent back to their queue')
  const edited = counter('taskflow_tasks_edited_total', 'Tasks edited before they started')
  const left = histogram('taskflow_batch_size', 'Items that shared a statement', ['lane'], BATCH_SIZES)

  return {
    'tasks.submitted': ({ type, queue, count }) => submitted.inc(limited({ type, queue }), count),
    'tasks.claimed': ({ queue, waitedMs }) => {
      claimed.inc({ queue }, waitedMs.length)
      const waits = waited.labels({ queue })
      for (const ms of waitedMs) waits.observe(ms / 1_000)
    },
    'tasks.settled': ({ type, queue, verb, durationsMs }) => {
      settled.inc({ queue, verb }, durationsMs.length)
      const runs = ran.labels({ type, verb })
      for (const ms of durationsMs) runs.observe(ms / 1_000)
    },
    'lease.lost': () => lost.inc(),
    'task.cancelled': () => cancelled.inc(),
    'task.redriven': () => redriven.inc(),
    'task.edited': () => edited.inc(),
    'batch.left': ({ lane, size }) => left.observe({ lane }, size),
  }
}

function countDuties(registry: Registry): Listeners {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })

  const promoted = counter('taskflow_tasks_promoted_total', 'Tasks that became due')
  const expired = counter('taskflow_tasks_expired_total', 'Tasks failed for a timeout before or between their attempts')
  const rescued = counter('taskflow_tasks_rescued_total', 'Tasks taken back from workers that died')
  const quarantined = counter('taskflow_tasks_quarantined_total', 'Tasks failed because workers kept dying with them')
  const buried = counter('taskflow_workers_buried_total', 'Workers declared dead')
  const replaced = counter(
    'taskflow_workers_replaced_total',
    'Times the worker of this process found itself declared dead',
  )
  const crashed = counter(
    'taskflow_runners_crashed_total',
    'Threads and processes of handlers that ended against their will',
    ['placement'],
  )
  const dropped = counter('taskflow_partitions_dropped_total', 'Days of finished tasks dropped by retention')
  const stalls = counter('taskflow_fetch_stalls_total', 'Times the fetch loop hung and was given up')
  const running = gauge('taskflow_tasks_running', 'Tasks that the worker of this process runs')
  const loopLag = gauge('taskflow_worker_loop_lag_seconds', 'How late the loop of the handlers answers')
  const rounds = counter('taskflow_rounds_total', 'Rounds of the services of this process', ['service', 'outcome'])
  const roundAt = gauge('taskflow_round_succeeded_timestamp_seconds', 'When a service last did its round', ['service'])

  return {
    'tasks.promoted': ({ count }) => promoted.inc(count),
    'tasks.expired': ({ count }) => expired.inc(count),
    'tasks.rescued': (event) => {
      rescued.inc(event.count)
      quarantined.inc(event.quarantined)
    },
    'worker.buried': () => buried.inc(),
    'worker.replaced': () => replaced.inc(),
    'worker.heartbeat': (pulse) => {
      running.set(pulse.running)
      loopLag.set(pulse.loopLagMs / 1_000)
    },
    'runner.crashed': ({ placement }) => crashed.inc({ placement }),
    'fetch.stalled': () => stalls.inc(),
    'partitions.dropped': ({ names }) => dropped.inc(names.length),
    'round.succeeded': ({ service }) => {
      rounds.inc({ service, outcome: 'succeeded' })
      roundAt.setToCurrentTime({ service })
    },
    'round.failed': ({ service }) => rounds.inc({ service, outcome: 'failed' }),
  }
}

function countLeadership(registry: Registry): Listeners {
  const registers = [registry]
  const help = 'Whether this process leads, where several may, as 0 or 1'
  const leads = new Gauge({ name: 'taskflow_leader', help, registers })
  const present = new Gauge({ name: 'taskflow_leader_term', help: 'Term in which this process last led', registers })
  const changes = new Counter({
    name: 'taskflow_leader_changes_total',
    help: 'Times this process began to lead or ended, and why',
    labelNames: ['reason'],
    registers,
  })

  return {
    'leader.elected': ({ term }) => {
      leads.set(1)
      present.set(term)
      changes.inc({ reason: 'elected' })
    },
    'leader.lost': ({ reason }) => {
      leads.set(0)
      changes.inc({ reason })
    },
  }
}

function countDispatches(registry: Registry, { broker: known }: Dependencies): Listeners {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const up = new Gauge({
    name: 'taskflow_broker_up',
    help: 'Whether the broker answers this process, as 0 or 1',
    labelNames: ['broker'],
    registers,
  })
  if (known !== undefined) up.set({ broker: known }, 1)
  const losses = counter('taskflow_broker_losses_total', 'Times the broker ceased to answer')
  const published = counter('taskflow_dispatches_published_total', 'Queued tasks that the broker was told of')
  const dropped = counter('taskflow_dispatches_dropped_total', 'Queued tasks that the broker could not be told of')
  const reconciled = counter('taskflow_dispatches_reconciled_total', 'Queued tasks that the broker was told of again')
  const unheard = counter(
    'taskflow_acknowledgements_lost_total',
    'Deliveries of which the broker did not hear what became of them',
  )

  return {
    'broker.lost': ({ broker }) => {
      up.set({ broker }, 0)
      losses.inc()
    },
    'broker.returned': ({ broker }) => up.set({ broker }, 1),
    'dispatches.published': ({ count }) => published.inc(count),
    'dispatches.dropped': ({ count }) => dropped.inc(count),
    'dispatches.reconciled': ({ count }) => reconciled.inc(count),
    'acknowledgement.lost': () => unheard.inc(),
  }
}

function watchDatabases(registry: Registry, { databases = ['primary'] }: Dependencies): Listeners {
  const up = new Gauge({
    name: 'taskflow_database_up',
    help: 'Whether the database answers this process, as 0 or 1',
    labelNames: ['database'],
    registers: [registry],
  })
  for (const database of databases) up.set({ database }, 1)
  return {
    'database.lost': ({ database }) => up.set({ database }, 0),
    'database.returned': ({ database }) => up.set({ database }, 1),
  }
}

// Callers choose types and queues; past this many pairs a scrape would grow without bound.
const MAX_PAIRS = 1_000

function limitLabels() {
  const known = new Set<string>()
  return (labels: { type: string; queue: string }): { type: string; queue: string } => {
    const pair = `${labels.type} ${labels.queue}`
    if (known.has(pair)) return labels
    if (known.size >= MAX_PAIRS) return { type: 'other', queue: 'other' }
    known.add(pair)
    return labels
  }
}
