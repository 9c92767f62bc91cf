import { sqlBeside, statement } from '@taskflow/database'

export interface AttemptRow {
  lease_id: string
  attempt: number
  worker_id: string
  started_at: Date
  ended_at: Date
  outcome: string
  error: string | null
}

type Params = readonly [taskId: string, from: string | null, limit: number]

/** In the order in which the attempts started. Begins with the attempt `from`, and is empty if the task has none such. */
export const listAttempts = statement<Params, AttemptRow>({
  name: 'list_attempts',
  columns: ['lease_id', 'attempt', 'worker_id', 'started_at', 'ended_at', 'outcome', 'error'],
  text: sqlBeside(import.meta.url),
})
