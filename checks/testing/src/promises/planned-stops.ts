import type { Check, Scene } from './scene.ts'

/** The name of the error with which a stopping worker aborts a handler's AbortSignal. */
const DRAINING = 'Draining'
// Ends that use up an attempt, where they are the handler's own doing.
const OWN_DOING = ['exhausted', 'notRetryable']

/** P12: a stopping worker releases the tasks that it has to break off, and their attempts are not counted. */
export const plannedStops: Check = (scene) =>
  brokenOff(scene)
    .filter(({ taskId, leaseId }) => isCounted(scene, taskId, leaseId))
    .map(({ taskId, leaseId }) => `task ${taskId} lost an attempt to the planned stop of its worker (${leaseId})`)

/** The first reason is the one that the handler was given. */
const brokenOff = ({ seen }: Scene) =>
  [...Map.groupBy(seen('aborted'), ({ leaseId }) => leaseId).values()].flatMap(([first]) =>
    first?.reason === DRAINING ? [first] : [],
  )

function isCounted({ tasks, attempts }: Scene, taskId: string, leaseId: string): boolean {
  const task = tasks.get(taskId)
  if (task?.lease_id === leaseId) return task.state === 'failed' && OWN_DOING.includes(task.reason ?? '')
  return attempts.get(taskId)?.some(({ lease_id, outcome }) => lease_id === leaseId && outcome === 'failed') ?? false
}
