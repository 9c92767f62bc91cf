import type { LogLines } from '@taskflow/kernel'

export const fleetLogLines: LogLines = {
  'worker.registered': { level: 'info', message: 'The worker is registered' },
  'worker.replaced': { level: 'warn', message: 'The worker had been marked lost and continues under a new id' },
  'worker.lost': { level: 'warn', message: 'The heartbeats of a worker stopped: it is marked lost' },
  'worker.stopped': { level: 'info', message: 'The worker has stopped' },
  'tasks.rescued': { level: 'warn', message: 'Tasks of lost workers were requeued or quarantined' },
  'runner.crashed': { level: 'error', message: 'A runner ended unexpectedly or was killed to stop an attempt' },
  'fetch.stalled': { level: 'error', message: 'The fetch loop hung and was abandoned' },
}
