import type { Check, Scene } from './scene.ts'

// Longer than any interruption a worker survives: a worker that is cut off or frozen for half as long is marked lost and
// notified.
const ABORTED_WITHIN_MS = 20_000

/** P7: a cancel ends a waiting task; it notifies the handler of a running task, which never runs again. A redrive undoes it. */
export const cancelledStaysSo: Check = (scene) => [...cameBack(scene), ...untold(scene)]

const cancelledIn = ({ seen, tasks }: Scene) => seen('cancelled').filter(({ taskId }) => !tasks.get(taskId)?.redrives)

function cameBack(scene: Scene): string[] {
  const claims = Map.groupBy(scene.seen('claimed'), ({ taskId }) => taskId)
  return cancelledIn(scene).flatMap(({ taskId, atMs, state }) => {
    const now = scene.tasks.get(taskId)?.state
    const isOtherwise = state === 'cancelled' && now !== undefined && now !== state
    const isClaimed = claims.get(taskId)?.some((claim) => claim.atMs > atMs)
    return [
      ...(isOtherwise ? [`task ${taskId} was cancelled, and is ${now}`] : []),
      ...(isClaimed ? [`task ${taskId} was claimed after it was cancelled`] : []),
    ]
  })
}

function untold(scene: Scene): string[] {
  const aborted = new Set(scene.seen('aborted').map(({ leaseId }) => leaseId))
  const ends = Map.groupBy(scene.seen('ended'), ({ taskId }) => taskId)
  return cancelledIn(scene).flatMap(({ taskId, atMs }) =>
    (ends.get(taskId) ?? [])
      .map((end) => ({ leaseId: end.leaseId, ranMs: Math.round(end.atMs - atMs) }))
      .filter(({ leaseId, ranMs }) => ranMs > ABORTED_WITHIN_MS && !aborted.has(leaseId))
      .map(
        ({ ranMs }) => `task ${taskId} ran for ${ranMs} ms after it was cancelled, and its handler was never notified`,
      ),
  )
}
