import type { Database } from '@taskflow/database'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { LINK, REFUSE } from '@taskflow/testing/test-room/room'

const KNOWN = `
  with known as (
    select id, state, labels from task
    union all
    select id, state, labels from finished_task
  )`

/** A task ended once, and once more after each redrive. */
const ENDS = `${KNOWN}
  select id, (select count(*)::integer from test_room_end where task_id = known.id) as seen,
         case when labels ? '${LINK}'
              then 1 + (select count(*)::integer from task_event where task_id = known.id and kind = 'task.redriven')
              else 0
         end as due
  from known
  where state in ('succeeded', 'failed', 'cancelled')`

/**
 * Checks what the test room did by the ports of `tasks`: it stores no task that it refuses, learns of each end of a linked
 * task exactly once, and leaves no task at a gate. Returns a sentence for each fault.
 *
 * @param isOver whether every task has finished and each notice was consumed
 */
export async function brokenPorts(db: Database, isOver: boolean): Promise<string[]> {
  const refused = await rowsOf<{ id: string }>(db, `${KNOWN} select id from known where labels ? '${REFUSE}'`)
  const sentences = refused.map(({ id }) => `task ${id} is stored, though the test room refuses it`)
  if (!isOver) return sentences
  for (const { id, seen, due } of await rowsOf<{ id: string; seen: number; due: number }>(db, ENDS))
    if (seen !== due) sentences.push(`the test room learned of ${seen} ends of task ${id}, which ended ${due} times`)
  return sentences
}
