import { isUuid } from '@taskflow/kernel'
import type { Dispatch, TaskId } from '@taskflow/tasks'

export type Message = Pick<Dispatch, 'taskId' | 'rankMs'>

/** As it travels. The rank goes with it, since RabbitMQ keeps each queue in the order of arrival and knows of no other. */
export function encodeMessage({ taskId, rankMs }: Message): string {
  return `${rankMs} ${taskId}`
}

/** Undefined for what is no message of ours: one id that is none would fail the claim of all that are taken with it. */
export function decodeMessage(body: unknown): Message | undefined {
  if (typeof body !== 'string') return undefined
  const [rank = '', taskId = '', ...rest] = body.split(' ')
  const rankMs = Number(rank)
  if (rank === '' || !Number.isFinite(rankMs) || !isUuid(taskId) || rest.length > 0) return undefined
  return { taskId: taskId as TaskId, rankMs }
}
