import type { LogLines } from '@taskflow/kernel'

export const tasksLogLines: LogLines = {
  'tasks.expired': { level: 'info', message: 'Waiting tasks failed because a timeout passed' },
  'tasks.readmitted': {
    level: 'info',
    message: 'Made tasks claimable that were still held back after their gate had opened',
  },
  'tasks.notReadmitted': {
    level: 'warn',
    message: 'Stored tasks could not be readmitted from a gate that may be open; the coordinator will do it',
    isRepeated: true,
  },
  'task.snoozeSlowed': {
    level: 'warn',
    message:
      'A task was snoozed for less than a second again and again, and now waits a second each time: let its handler snooze for longer',
    isRepeated: true,
  },
  'lease.lost': { level: 'warn', message: 'A result was refused: its lease was lost' },
  'partitions.dropped': {
    level: 'info',
    message: 'Dropped the partitions of finished tasks whose retention has passed',
  },
  'dispatches.reconciled': { level: 'info', message: 'Republished tasks that the broker had lost' },
  'dispatches.dropped': {
    level: 'warn',
    message: 'Queued tasks could not be published to the broker; the reconciler will publish them',
    isRepeated: true,
  },
}
