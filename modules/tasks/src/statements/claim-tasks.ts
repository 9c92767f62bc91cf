import { sqlBeside, statement } from '@taskflow/database'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { Timeouts } from '../domain/task.ts'
import type { TaskOptions } from '../domain/task-options.ts'

export type ClaimParams = readonly [
  workerId: string,
  queues: readonly string[],
  types: readonly string[],
  max: number,
  isDrawn: boolean,
  leasePrefix: string,
  maxAttempts: string | null,
]

export interface ClaimedRow {
  id: string
  lease_id: string
  project: string
  type: string
  queue: string
  payload: string
  attempt: number
  max_attempts: number
  created_at_ms: number
  waited_ms: number
  /** Fields that few tasks have; null for the others, so that a plain task pays nothing for them. */
  unusual: Unusual | null
}

export interface Unusual {
  crashCount: number
  retry: RetryPolicy | null
  timeouts: Timeouts | null
  closeInMs: number | null
  labels: Readonly<Record<string, string>> | null
  options: TaskOptions | null
}

/** The columns that each statement that claims returns. */
export const CLAIMED_COLUMNS = [
  'id',
  'lease_id',
  'project',
  'type',
  'queue',
  'payload',
  'attempt',
  'max_attempts',
  'created_at_ms',
  'waited_ms',
  'unusual',
] as const satisfies readonly (keyof ClaimedRow)[]

export const claimTasks = statement<ClaimParams, ClaimedRow>({
  name: 'claim_tasks',
  lane: 'claim',
  columns: CLAIMED_COLUMNS,
  text: sqlBeside(import.meta.url),
})
