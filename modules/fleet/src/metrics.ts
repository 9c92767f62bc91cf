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
    'fetch.stalled': () => stalls.inc(),
  }
}
