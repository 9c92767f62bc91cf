import type { LogLines } from '@taskflow/kernel'

export const brokerLogLines: LogLines = {
  'broker.lost': {
    level: 'warn',
    message: 'The broker does not answer: workers claim tasks from PostgreSQL until the broker answers again',
  },
  'broker.returned': { level: 'info', message: 'The broker answers again: workers take dispatches from it' },
  'acknowledgement.lost': {
    level: 'warn',
    message: 'The broker did not receive an acknowledgement and may deliver the tasks again',
    isRepeated: true,
  },
}
