import type { ArrayText } from '@taskflow/database'
import { statement } from '@taskflow/database'

type Params = readonly [projects: ArrayText<string>, keys: ArrayText<string>]

interface Row {
  project: string
  key: string
  request_hash: string
  task_ids: string[]
  created_at: Date
}

export const findIdempotencyKeys = statement<Params, Row>({
  name: 'find_idempotency_keys',
  columns: ['project', 'key', 'request_hash', 'task_ids', 'created_at'],
  text: `
    select project, key, request_hash, task_ids, created_at
    from idempotency_key
    join unnest($1::text[], $2::text[]) as wanted (project, key) using (project, key)`,
})
