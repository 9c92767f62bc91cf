import type { AttemptError } from '@taskflow/core'
import { RetryAfter, type TaskContext } from '@taskflow/sdk'
import type { Order } from '../protocol.ts'
import { attemptLog } from './attempt-log.ts'
import type { Outbox } from './outbox.ts'
import { type ProgressGate, progressGate } from './progress-gate.ts'

// A handler may call heartbeat() in its innermost loop; the agent looks at most this often.
const BEAT_INTERVAL_MS = 100

/**
 * One attempt as its runner holds it, and as its handler sees it.
 *
 * At tens of thousands a second it shows what an attempt is made of: so what most handlers never touch is made when
 * first touched. A handler may take the parts out of it, so they are bound.
 */
export class Attempt implements TaskContext {
  readonly #order: Order
  readonly #out: Outbox
  #task: TaskContext['task'] | undefined
  #controller: AbortController | undefined
  #gate: ProgressGate | undefined
  #log: TaskContext['log'] | undefined
  #beatAt = 0
  #isOpen = true

  constructor(order: Order, out: Outbox) {
    this.#order = order
    this.#out = out
  }

  get task(): TaskContext['task'] {
    const { taskId: id, type, queue, project, labels, createdAt } = this.#order
    this.#task ??= { id, type, queue, project, labels, createdAt: new Date(createdAt) }
    return this.#task
  }

  get attempt(): number {
    return this.#order.attempt
  }

  get maxAttempts(): number {
    return this.#order.maxAttempts
  }

  get fencingToken(): string {
    return this.#order.leaseId
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  get log(): TaskContext['log'] {
    this.#log ??= attemptLog((entry) => {
      if (this.#isOpen) this.#out.log({ key: this.#order.key, ...entry })
    })
    return this.#log
  }

  get progress(): TaskContext['progress'] {
    return async (percent, message) => {
      if (!this.#isOpen) return
      this.#gate ??= progressGate((entry) => this.#out.progress({ key: this.#order.key, ...entry }))
      this.#gate.show(percent, message)
      this.#beat()
    }
  }

  get heartbeat(): TaskContext['heartbeat'] {
    return () => this.#beat()
  }

  snooze(delayMs: number): never {
    throw new RetryAfter(delayMs)
  }

  #beat(): void {
    const { key, heartbeatMs } = this.#order
    if (heartbeatMs === null || !this.#isOpen) return
    const now = performance.now()
    if (now - this.#beatAt < Math.min(BEAT_INTERVAL_MS, heartbeatMs / 4)) return
    this.#beatAt = now
    this.#out.beat(key)
  }

  /** Static, as is `close`, so that the handler finds neither. */
  static abort(attempt: Attempt, { name, message }: AttemptError): void {
    attempt.#controller ??= new AbortController()
    attempt.#controller.abort(Object.assign(new Error(message), { name }))
  }

  /** Lets its last progress through. Nothing it says afterwards counts. */
  static close(attempt: Attempt): void {
    attempt.#gate?.close()
    attempt.#isOpen = false
  }
}
