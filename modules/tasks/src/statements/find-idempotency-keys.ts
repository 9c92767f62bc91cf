import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [projects: ArrayText<string>, keys: ArrayText<string>]

interface Row {
  project: string
  key: string
  request_hash: string
  changes: string | null
  task_ids: string[]
  created_at: Date
}

export const findIdempotencyKeys = statement<Params, Row>({
  name: 'find_idempotency_keys',
  columns: ['project', 'key', 'request_hash', 'changes', 'task_ids', 'created_at'],
  text: sqlBeside(import.meta.url),
})
