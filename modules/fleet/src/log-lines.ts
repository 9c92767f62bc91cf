import type { LogLines } from '@taskflow/kernel'

export const fleetLogLines: LogLines = {
  'worker.registered': { level: 'info', message: 'The worker is registered' },
  'worker.replaced': { level: 'warn', message: 'The worker had been marked lost and continues under a new id' },
  'worker.lost': { level: 'warn', message: 'The heartbeats of a worker stopped: it is marked lost' },
  'worker.stopped': { level: 'info', message: 'The worker has stopped' },
  'tasks.rescued': { level: 'warn', message: 'Tasks of lost workers were requeued or quarantined' },
  'runner.crashed': { level: 'error', message: 'A runner ended unexpectedly or was killed to stop an attempt' },
  'runner.loading': {
    level: 'warn',
    message: 'Still loading the task modules: an import has not finished. Tasks wait until all modules are loaded',
  },
  'runner.blocked': {
    level: 'warn',
    message:
      'A handler blocks the event loop that all handlers without isolation share: the worker claims no tasks for it. ' +
      'Give long computations an isolation, and a timeout',
  },
  'runner.unblocked': { level: 'info', message: 'The shared event loop answers again, or its runner was replaced' },
  'handler.abandoned': {
    level: 'warn',
    message: 'Abandoned a handler that ignored its AbortSignal: it runs on without a slot',
  },
  'handler.ended': { level: 'info', message: 'An abandoned handler has ended; its outcome is not counted' },
  'handler.failedLate': {
    level: 'warn',
    message:
      'A handler left something behind that threw an error after the attempt had ended; the outcome stands. Await all ' +
      'that the handler starts',
    isRepeated: true,
  },
  'cancellation.ignored': {
    level: 'warn',
    message:
      'A handler ignores the cancellation of its task: the task stays running until the handler ends or its timeout ' +
      'passes',
  },
  'fetch.stalled': { level: 'error', message: 'The fetch loop hung and was abandoned' },
}
