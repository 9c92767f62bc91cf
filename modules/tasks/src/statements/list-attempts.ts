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

export const listAttempts = statement<readonly [taskId: string], AttemptRow>({
  name: 'list_attempts',
  columns: ['lease_id', 'attempt', 'worker_id', 'started_at', 'ended_at', 'outcome', 'error'],
  text: sqlBeside(import.meta.url),
})
