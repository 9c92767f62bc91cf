import { RetryAfter, type TaskContext } from '@taskflow/sdk'
import type { AttemptError } from '@taskflow/tasks'
import type { Order } from '../order.ts'
import { attemptLog } from './attempt-log.ts'
import type { Outbox } from './outbox.ts'
import { type ProgressGate, progressGate } from './progress-gate.ts'

/** Names an attempt to all that its handler starts, which may outlive it: so it holds no payload. */
export type AttemptOwner = Pick<Order, 'key' | 'taskId' | 'type'>

/** One attempt, as its runner holds it. */
export interface Attempt {
  readonly owner: AttemptOwner
  readonly context: TaskContext
  abort(reason: AttemptError): void
  /** Reports the last progress. Log lines, progress and heartbeats after this are ignored. */
  close(): void
}

// A handler may call heartbeat() in its innermost loop; the runner reports no more often than this.
const BEAT_INTERVAL_MS = 100

export function openAttempt(order: Order, out: Outbox): Attempt {
  const { key } = order
  const controller = new AbortController()
  let gate: ProgressGate | undefined
  let beatAt = 0
  let isOpen = true

  function heartbeat(): void {
    if (order.heartbeatMs === null || !isOpen) return
    const now = performance.now()
    if (now - beatAt < Math.min(BEAT_INTERVAL_MS, order.heartbeatMs / 4)) return
    beatAt = now
    out.beat(key)
  }

  function writeLog(entry: Parameters<Parameters<typeof attemptLog>[0]>[0]): void {
    if (isOpen) out.log({ key, ...entry })
  }

  // No getters: an object with one takes ten times as long to create, which is noticeable at tens of thousands a second.
  const context: TaskContext = {
    task: {
      id: order.taskId,
      type: order.type,
      queue: order.queue,
      project: order.project,
      labels: order.labels,
      createdAt: new Date(order.createdAt),
    },
    attempt: order.attempt,
    maxAttempts: order.maxAttempts,
    fencingToken: order.leaseId,
    signal: controller.signal,
    log: attemptLog(writeLog),
    async progress(percent, message) {
      if (!isOpen) return
      gate ??= progressGate((entry) => out.progress({ key, ...entry }))
      gate.show(percent, message)
      heartbeat()
    },
    heartbeat,
    snooze(delayMs) {
      throw new RetryAfter(delayMs)
    },
  }

  return {
    owner: { key, taskId: order.taskId, type: order.type },
    context,
    abort({ name, message }) {
      controller.abort(Object.assign(new Error(message), { name }))
    },
    close() {
      gate?.close()
      isOpen = false
    },
  }
}
