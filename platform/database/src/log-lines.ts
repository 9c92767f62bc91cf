import type { LogLines } from '@taskflow/kernel'

export const databaseLogLines: LogLines = {
  'database.lost': { level: 'warn', message: 'The database does not answer' },
  'database.returned': { level: 'info', message: 'The database answers again' },
}
