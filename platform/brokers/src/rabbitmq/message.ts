import { isUuid } from '@taskflow/kernel'
import type { Dispatch, TaskId } from '@taskflow/tasks'

export type Message = Pick<Dispatch, 'taskId' | 'rankMs'>

/** Returns the body of a message. It contains the rank, since RabbitMQ keeps a queue in order of arrival only. */
export function encodeMessage({ taskId, rankMs }: Message): string {
  return `${rankMs} ${taskId}`
}

/** Returns undefined for a foreign message: one invalid id would fail the claim of all tasks taken with it. */
export function decodeMessage(body: unknown): Message | undefined {
  if (typeof body !== 'string') return undefined
  const [rank = '', taskId = '', ...rest] = body.split(' ')
  const rankMs = Number(rank)
  if (rank === '' || !Number.isFinite(rankMs) || !isUuid(taskId) || rest.length > 0) return undefined
  return { taskId: taskId as TaskId, rankMs }
}
