import type { Isolation } from '@taskflow/sdk'
import type { AttemptError, AttemptOutcome, LogLine, TaskTypeDefaults } from '@taskflow/tasks'
import type { PackedOrders, PackedSuccesses } from './packed.ts'

/**
 * The messages between the agent and a runner.
 *
 * The agent is the main thread of the process: it claims, settles and sends heartbeats, and runs no handler. A runner
 * runs handlers: it is a thread that many attempts share, or a thread or process that runs one attempt at a time. The
 * messages are the same for all three. They are sent as structured clones, so orders and results are packed
 * (`packed.ts`). Payloads and results are JSON text, which only the runner parses.
 */
export type ToRunner =
  /** `gate` is the memory of the `StartGate` that the runner shares with the agent, if it does. */
  | { readonly kind: 'load'; readonly folder: string; readonly gate?: SharedArrayBuffer }
  | { readonly kind: 'run'; readonly orders: PackedOrders }
  | { readonly kind: 'abort'; readonly keys: readonly number[]; readonly reason: AttemptError }
  | { readonly kind: 'ping'; readonly number: number }

export type FromRunner =
  /** The module that the runner imports now. */
  | { readonly kind: 'loading'; readonly module: string }
  | { readonly kind: 'ready'; readonly types: readonly TaskTypeIntroduction[] }
  | { readonly kind: 'refused'; readonly message: string }
  /** The answer to a ping. The loop that runs the handlers sends it, so that its delay is the lag of that loop. */
  | { readonly kind: 'pong'; readonly number: number }
  /** The error that ends the runner, because no attempt caused it. */
  | { readonly kind: 'crashing'; readonly message: string }
  | Report

/** The outcomes and reports that a runner gathered in one turn of its loop. */
export interface Report {
  readonly kind: 'report'
  /** Attempts that succeeded. */
  readonly succeeded: PackedSuccesses
  /** Attempts that ended otherwise. */
  readonly ended: readonly Ended[]
  readonly logs: readonly LogEntry[]
  readonly progress: readonly ProgressEntry[]
  /** Attempts whose handlers sent a heartbeat. */
  readonly beats: readonly number[]
  readonly lateErrors: readonly LateError[]
}

export interface Ended {
  readonly key: number
  readonly outcome: AttemptOutcome
  /** Whether the handler still runs, because an error outside of its promise ended the attempt. */
  readonly isAdrift: boolean
}

/** An error that something threw which a handler had started, after the attempt had ended. */
export interface LateError {
  readonly taskId: string
  readonly type: string
  readonly error: AttemptError
}

export interface LogEntry extends Omit<LogLine, 'attempt'> {
  readonly key: number
}

export interface ProgressEntry {
  readonly key: number
  readonly percent: number
  readonly message: string | null
}

/** The description of a task type for the agent. The handler itself never leaves the runner. */
export interface TaskTypeIntroduction extends TaskTypeDefaults {
  readonly isolation: Isolation | null
}
