import type { Priority } from './priority.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { Timeouts } from './task.ts'

/** What a worker announces of a task type: null means that the type leaves it to the general default. */
export interface TaskTypeDefaults {
  readonly type: string
  readonly queue: string | null
  readonly priority: Priority | null
  readonly maxAttempts: number | null
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  /** JSON Schema of the payload as JSON text, where the definition could give one. */
  readonly inputSchema: string | null
}
