import { randomUUID } from 'node:crypto'
import { uuidV7Ids } from '@taskflow/kernel'
import type { LeaseId, TaskId, WorkerId } from '@taskflow/tasks'

const ids = uuidV7Ids({ now: () => new Date() }, Math.random)

export const newTaskId = (): TaskId => ids.next() as TaskId
export const newWorkerId = (): WorkerId => ids.next() as WorkerId
/** A lease that nobody gave. */
export const strangeLeaseId = (): LeaseId => randomUUID() as LeaseId
