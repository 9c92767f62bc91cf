import { isDeepStrictEqual } from 'node:util'
import type { Check, Scene } from './scene.ts'

const parsed = (text: string): unknown => JSON.parse(text)

/** P3: of each attempt one end is accepted, from whoever held its lease; whoever held it no more is refused, and told so. */
export const oneResult: Check = (scene) => [
  ...resultsOfOthers(scene),
  ...resultsOfNobody(scene),
  ...refusedAndAccepted(scene),
  ...startsTwice(scene),
  ...startsUnrecorded(scene),
]

/** Results that were accepted for a lease and came from another, as handlers tell that return their own lease. */
function resultsOfOthers({ tasks }: Scene): string[] {
  return [...tasks.values()]
    .filter(({ result, lease_id }) => {
      const told = result === null ? undefined : (parsed(result) as { leaseId?: unknown } | null)?.leaseId
      return typeof told === 'string' && told !== lease_id
    })
    .map(
      ({ id, lease_id, result }) =>
        `task ${id} succeeded under lease ${lease_id} with the result of another: ${result}`,
    )
}

/** Of tasks whose handlers were seen to return, an accepted result is one of those seen. */
function resultsOfNobody({ tasks, seen }: Scene): string[] {
  return [...Map.groupBy(seen('ended'), ({ taskId }) => taskId)].flatMap(([taskId, ends]) => {
    const task = tasks.get(taskId)
    if (task?.state !== 'succeeded') return []
    const accepted = parsed(task.result ?? 'null')
    const isSeen = ends.some(
      ({ leaseId, result }) =>
        leaseId === task.lease_id && result !== null && isDeepStrictEqual(parsed(result), accepted),
    )
    return isSeen
      ? []
      : [`task ${taskId} succeeded under lease ${task.lease_id} with what no handler returned: ${task.result}`]
  })
}

function refusedAndAccepted({ tasks, seen }: Scene): string[] {
  return seen('refused')
    .filter(({ taskId, leaseId }) => {
      const task = tasks.get(taskId)
      return task?.state === 'succeeded' && task.lease_id === leaseId
    })
    .map(
      ({ taskId, leaseId }) =>
        `a worker was told that its result of task ${taskId} is stale, and it was accepted (${leaseId})`,
    )
}

function startsTwice({ seen }: Scene): string[] {
  return [...Map.groupBy(seen('started'), ({ leaseId }) => leaseId)]
    .filter(([, starts]) => starts.length > 1)
    .map(([leaseId, starts]) => `lease ${leaseId} of task ${starts[0]?.taskId} started ${starts.length} times`)
}

/**
 * An attempt that ran and of which the database knows nothing ran without a claim, or beside the one that is recorded. A crash of
 * PostgreSQL may take back a claim, which waits for no disk: who crashes it says by other means which starts those are.
 */
function startsUnrecorded({ tasks, attempts, seen }: Scene): string[] {
  return seen('started')
    .filter(({ taskId, leaseId }) => {
      const isKnown =
        tasks.get(taskId)?.lease_id === leaseId || attempts.get(taskId)?.some(({ lease_id }) => lease_id === leaseId)
      return !isKnown
    })
    .map(({ leaseId, taskId }) => `task ${taskId} ran under lease ${leaseId}, which nothing records`)
}
