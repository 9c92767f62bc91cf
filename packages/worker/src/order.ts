/** Describes one attempt that a runner is to run. `key` names the attempt between this agent and its runners. */
export interface Order {
  readonly key: number
  readonly taskId: string
  readonly leaseId: string
  readonly project: string
  readonly type: string
  readonly queue: string
  /** JSON text. */
  readonly payload: string
  readonly attempt: number
  readonly maxAttempts: number
  readonly labels: Readonly<Record<string, string>>
  /** Milliseconds of the epoch. */
  readonly createdAt: number
  /** Null when the attempt has no heartbeat timeout, so that the runner reports no heartbeats. */
  readonly heartbeatMs: number | null
}
