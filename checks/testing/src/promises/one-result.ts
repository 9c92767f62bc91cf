import { isDeepStrictEqual } from 'node:util'
import type { Check, Scene } from './scene.ts'

const parsed = (text: string): unknown => JSON.parse(text)

/** P3: each attempt has one accepted end, from the holder of its lease; a former holder is refused with an error. */
export const oneResult: Check = (scene) => [
  ...resultsOfOthers(scene),
  ...resultsOfNobody(scene),
  ...refusedAndAccepted(scene),
  ...startsTwice(scene),
  ...startsUnrecorded(scene),
]

/** Results that were accepted for one lease and came from another: handlers return their own lease as the result. */
function resultsOfOthers({ tasks }: Scene): string[] {
  return [...tasks.values()]
    .filter(({ result, lease_id }) => {
      const reportedLease = result === null ? undefined : (parsed(result) as { leaseId?: unknown } | null)?.leaseId
      return typeof reportedLease === 'string' && reportedLease !== lease_id
    })
    .map(
      ({ id, lease_id, result }) =>
        `task ${id} succeeded under lease ${lease_id} with the result of another: ${result}`,
    )
}

/** Finds tasks whose accepted result differs from every result that their handlers were seen to return. */
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
        `a worker was informed that its result of task ${taskId} is stale, and it was accepted (${leaseId})`,
    )
}

function startsTwice({ seen }: Scene): string[] {
  return [...Map.groupBy(seen('started'), ({ leaseId }) => leaseId)]
    .filter(([, starts]) => starts.length > 1)
    .map(([leaseId, starts]) => `lease ${leaseId} of task ${starts[0]?.taskId} started ${starts.length} times`)
}

/**
 * An attempt that ran and is unknown to the database ran without a claim, or beside the recorded one. A crash of PostgreSQL may
 * undo a claim, which does not wait for the disk: a test that crashes it excludes such starts by other means.
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
