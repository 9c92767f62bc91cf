import type { Lane } from './database.ts'

declare module '@taskflow/kernel' {
  interface TaskFlowEvents {
    /** A natural batch was sent as one statement. */
    'batch.left': [{ readonly lane: Lane; readonly size: number }]
    'database.lost': [{ readonly database: 'primary' | 'replica' }]
    'database.returned': [{ readonly database: 'primary' | 'replica' }]
  }
}
