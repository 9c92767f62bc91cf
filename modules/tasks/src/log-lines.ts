import type { LogLines } from '@taskflow/kernel'

export const tasksLogLines: LogLines = {
  'tasks.expired': { level: 'info', message: 'Waiting tasks failed because a timeout passed' },
  'gates.swept': { level: 'info', message: 'Released tasks that waited at an open gate' },
  'lease.lost': { level: 'warn', message: 'A result was refused: its lease was lost' },
  'partitions.dropped': { level: 'info', message: 'Days past retention were dropped' },
  'dispatches.reconciled': { level: 'info', message: 'Republished tasks that the broker had lost' },
  'dispatches.dropped': {
    level: 'warn',
    message: 'Queued tasks could not be published to the broker; the reconciler will publish them',
    isRepeated: true,
  },
}
