import type { Lane } from './database.ts'

declare module '@taskflow/kernel' {
  interface TaskFlowEvents {
    /** A natural batch left as one statement. */
    'batch.left': [{ readonly lane: Lane; readonly size: number }]
    /** The database became unavailable to this process. */
    'database.lost': [{ readonly database: 'primary' | 'replica' }]
    /** The database answers this process again. */
    'database.returned': [{ readonly database: 'primary' | 'replica' }]
  }
}
