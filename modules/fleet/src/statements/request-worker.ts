import { statement } from '@taskflow/database'

type Params = readonly [project: string, id: string, request: string | null]

/**
 * Applies cordon, drain and uncordon (which asks nothing any more) to a worker that lives, and tells it.
 * No row: it was declared dead, has said goodbye, or never was.
 */
export const requestWorker = statement<Params, { id: string }>({
  name: 'request_worker',
  columns: ['id'],
  text: `
    with requested as (
      update worker
      set request = $3
      where project = $1 and id = $2 and state in ('active', 'draining')
      returning id
    )
    select id, pg_notify('taskflow_asked', id::text) as announced from requested`,
})
