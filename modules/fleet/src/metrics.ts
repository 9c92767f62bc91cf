import type { Metrics } from '@taskflow/kernel'

export const fleetMetrics: Metrics = ({ counter, gauge }) => {
  const rescued = counter('taskflow_tasks_rescued_total', 'Tasks of lost workers requeued')
  const quarantined = counter(
    'taskflow_tasks_quarantined_total',
    'Tasks of lost workers that were quarantined after their third crash',
  )
  const lost = counter('taskflow_workers_lost_total', 'Workers marked lost because their heartbeats stopped')
  const replaced = counter(
    'taskflow_workers_replaced_total',
    'Times the worker of this process was marked lost and continued under a new id',
  )
  const crashed = counter(
    'taskflow_runners_crashed_total',
    'Runner threads and processes that ended unexpectedly or were killed to stop an attempt',
    ['placement'],
  )
  const blocks = counter(
    'taskflow_runner_blocks_total',
    'Times a handler blocked the shared event loop for longer than two seconds',
  )
  const blocked = gauge('taskflow_runner_blocked', '1 while a handler blocks the shared event loop, otherwise 0')
  const ignored = counter(
    'taskflow_signals_ignored_total',
    'Handlers of the shared runner that ignored their AbortSignal, by the reason of the stop',
    ['cause'],
  )
  const abandoned = gauge(
    'taskflow_handlers_abandoned',
    'Handlers that ignored their AbortSignal and run on without a slot',
  )
  const late = counter(
    'taskflow_late_errors_total',
    'Errors thrown after the attempt had ended, by something that its handler had started',
  )
  const stalls = counter('taskflow_fetch_stalls_total', 'Times the fetch loop hung and was abandoned')
  const running = gauge('taskflow_tasks_running', 'Tasks running in the worker of this process')
  const loopLag = gauge('taskflow_worker_loop_lag_seconds', 'Delay of the event loop that runs handlers')

  return {
    'tasks.rescued': (event) => {
      rescued.inc(event.count)
      quarantined.inc(event.quarantined)
    },
    'worker.lost': () => lost.inc(),
    'worker.replaced': () => replaced.inc(),
    'worker.heartbeat': (pulse) => {
      running.set(pulse.running)
      loopLag.set(pulse.loopLagMs / 1_000)
    },
    'runner.crashed': ({ placement }) => crashed.inc({ placement }),
    'runner.blocked': () => {
      blocks.inc()
      blocked.set(1)
    },
    'runner.unblocked': () => blocked.set(0),
    'handler.abandoned': (event) => {
      ignored.inc({ cause: event.cause })
      abandoned.set(event.running)
    },
    'handler.ended': (event) => abandoned.set(event.running),
    'handler.failedLate': () => late.inc(),
    'cancellation.ignored': () => ignored.inc({ cause: 'cancelled' }),
    'fetch.stalled': () => stalls.inc(),
  }
}
