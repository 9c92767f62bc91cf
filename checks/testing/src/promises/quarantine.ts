import { CRASH_LIMIT } from '@taskflow/tasks'
import type { Check } from './scene.ts'

/** P11: what takes its worker with it three times is not tried again, whatever its row says of its crashes. A redrive allows three more. */
export const quarantine: Check = ({ tasks, attempts }) =>
  [...attempts].flatMap(([taskId, records]) => {
    const crashes = records.filter(({ outcome }) => outcome === 'rescued').length
    const lives = 1 + (tasks.get(taskId)?.redrives ?? 0)
    // The crash that ended a life is on the task's row until it is redriven.
    return crashes < CRASH_LIMIT * lives ? [] : [`task ${taskId} was tried again after ${crashes} crashes`]
  })
