import type { LogLines } from './log-lines.ts'

export const kernelLogLines: LogLines = {
  'leader.elected': { level: 'info', message: 'This process is now the leader and performs the duties' },
  'leader.lost': {
    level: ({ reason }) => (reason === 'resigned' ? 'info' : 'warn'),
    message: 'This process is no longer the leader',
  },
  'round.failed': { level: 'warn', message: 'A round of a service failed; the next one follows', isRepeated: true },
}
