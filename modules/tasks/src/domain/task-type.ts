import type { Priority } from './priority.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { Timeouts } from './timeouts.ts'

/** The defaults of a task type, as a worker announces them. Null stands for the general default. */
export interface TaskTypeDefaults {
  readonly type: string
  readonly queue: string | null
  readonly priority: Priority | null
  readonly maxAttempts: number | null
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  /** The JSON Schema of the payload as JSON text, if the task definition can export one. */
  readonly inputSchema: string | null
}
