import type { Metrics } from '@taskflow/kernel'
import { COUNTED_EVENTS } from './events.ts'

// From a task that does nothing to a task of an hour. An idle worker claims a task within a millisecond.
const TASK_SECONDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600,
]

export const tasksMetrics: Metrics = (meters) => {
  const { counter, histogram } = meters
  const limited = limitLabels()
  const submitted = counter('taskflow_tasks_submitted_total', 'Tasks stored by this process', ['type', 'queue'])
  const claimed = counter('taskflow_tasks_claimed_total', 'Tasks claimed by the worker of this process', ['queue'])
  const waited = histogram(
    'taskflow_task_wait_seconds',
    'Time from when a task became ready until a worker claimed the task',
    ['queue'],
    TASK_SECONDS,
  )
  const settled = counter('taskflow_tasks_settled_total', 'Attempts settled, by the verb applied to the task', [
    'queue',
    'verb',
  ])
  const ran = histogram('taskflow_task_duration_seconds', 'Duration of one attempt', ['type', 'verb'], TASK_SECONDS)
  const lost = counter('taskflow_leases_lost_total', 'Results refused because their lease was lost')
  const slowed = counter('taskflow_snoozes_slowed_total', 'Snoozes that were too short, and were made a second long')
  const cancelled = counter('taskflow_tasks_cancelled_total', 'Tasks cancelled while they waited or ran')
  const counted = Object.entries(COUNTED_EVENTS).map(([event, [name, help]]) => {
    const count = counter(name, help)
    return [event, () => count.inc()] as const
  })
  const promoted = counter('taskflow_tasks_promoted_total', 'Tasks moved to queued because they were due')
  const expired = counter('taskflow_tasks_expired_total', 'Waiting tasks failed because a timeout passed')
  const swept = counter(
    'taskflow_tasks_readmitted_total',
    'Tasks made claimable that were still held back after their gate had opened',
  )
  const dropped = counter(
    'taskflow_partitions_dropped_total',
    'Partitions of finished tasks (one per day) that retention dropped',
  )
  const published = counter('taskflow_dispatches_published_total', 'Queued tasks published to the broker')
  const unpublished = counter(
    'taskflow_dispatches_dropped_total',
    'Queued tasks that could not be published to the broker',
  )
  const reconciled = counter('taskflow_dispatches_reconciled_total', 'Queued tasks published to the broker again')

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
    'task.snoozeSlowed': () => slowed.inc(),
    'task.cancelled': () => cancelled.inc(),
    ...Object.fromEntries(counted),
    'tasks.promoted': ({ count }) => promoted.inc(count),
    'tasks.expired': ({ count }) => expired.inc(count),
    'tasks.readmitted': ({ count }) => swept.inc(count),
    'partitions.dropped': ({ names }) => dropped.inc(names.length),
    'dispatches.published': ({ count }) => published.inc(count),
    'dispatches.dropped': ({ count }) => unpublished.inc(count),
    'dispatches.reconciled': ({ count }) => reconciled.inc(count),
  }
}

// Callers choose types and queues. Without this limit, the size of a scrape would be unbounded.
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
