import type { NewTask } from '../domain/task.ts'
import type { Submission, Submitted, TaskStore } from '../ports/task-store.ts'

type Storage = Pick<TaskStore, 'submitTasks' | 'findSubmitted'>

/**
 * Submits the tasks that `admit` makes of a request. A request that was stored before is answered as it was then, even
 * if `admit` would refuse it now: its caller repeats it because the first reply was lost.
 *
 * @throws what `admit` throws, and IDEMPOTENCY_CONFLICT
 */
export async function submitOrReplay(
  storage: Storage,
  request: Omit<Submission, 'tasks'>,
  admit: () => Promise<readonly NewTask[]>,
): Promise<Submitted> {
  let tasks: readonly NewTask[]
  try {
    tasks = await admit()
  } catch (refusal) {
    const { project, idempotency } = request
    const [earlier] = idempotency ? await storage.findSubmitted([{ project, idempotency }]) : []
    if (earlier === undefined) throw refusal
    if (earlier instanceof Error) throw earlier
    return earlier
  }
  const submitted = await storage.submitTasks({ ...request, tasks })
  return submitted.replayed ? submitted : { ...submitted, tasks: submitted.tasks ?? tasks }
}
