import type { Isolation } from '@taskflow/sdk'
import type { AttemptError, AttemptOutcome, LogLine, TaskTypeDefaults } from '@taskflow/tasks'
import type { PackedOrders, PackedSuccesses } from './packed.ts'

/**
 * What the agent and a runner say to each other.
 *
 * The agent is the process's main thread: it claims, settles and heartbeats, and
 * runs no handler. A runner runs handlers: in a thread many share, or in a thread
 * or process of its own. The messages are the same for all three, and travel as
 * structured clones, for which what comes by the thousand is packed (`packed.ts`).
 * Payloads and results are JSON text, parsed in the runner alone.
 */
export type ToRunner =
  | { readonly kind: 'load'; readonly folder: string }
  | { readonly kind: 'run'; readonly orders: PackedOrders }
  | { readonly kind: 'abort'; readonly keys: readonly number[]; readonly reason: AttemptError }
  | { readonly kind: 'ping'; readonly number: number }

export type FromRunner =
  | { readonly kind: 'ready'; readonly types: readonly TaskTypeIntroduction[] }
  | { readonly kind: 'refused'; readonly message: string }
  /** Answered by the loop that runs handlers, so its lateness is that loop's. */
  | { readonly kind: 'pong'; readonly number: number }
  /** An error that belongs to no attempt ends the runner; this says which. */
  | { readonly kind: 'crashing'; readonly message: string }
  | Report

/** One attempt to run. `key` names it between this agent and its runners. */
export interface Order {
  readonly key: number
  readonly taskId: string
  readonly leaseId: string
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly payload: string
  readonly attempt: number
  readonly maxAttempts: number
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: number
  /** Null when nobody counts its heartbeats. */
  readonly heartbeatMs: number | null
}

/** What gathered in one turn of the runner's loop. */
export interface Report {
  readonly kind: 'report'
  /** Attempts that succeeded. */
  readonly succeeded: PackedSuccesses
  /** Attempts that ended otherwise. */
  readonly ended: readonly Ended[]
  readonly logs: readonly LogEntry[]
  readonly progress: readonly ProgressEntry[]
  /** Attempts that gave a sign of life. */
  readonly beats: readonly number[]
}

export interface Ended {
  readonly key: number
  readonly outcome: AttemptOutcome
  /** A stray error ended the attempt while its handler still runs. */
  readonly isAdrift: boolean
}

export interface LogEntry extends Omit<LogLine, 'attempt'> {
  readonly key: number
}

export interface ProgressEntry {
  readonly key: number
  readonly percent: number
  readonly message: string | null
}

/** What the agent must know of a task type; the handler itself never leaves the runner. */
export interface TaskTypeIntroduction extends TaskTypeDefaults {
  readonly isolation: Isolation | null
}
