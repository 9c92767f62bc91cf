export interface WorkerSettings {
  readonly project: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly version: string
  readonly queues: readonly string[]
  /** How many attempts may run at once. */
  readonly slots: number
  /** The folder of task modules. */
  readonly tasks: string
  readonly heartbeatMs: number
  /** How long a stop lets running attempts go on before it aborts them. */
  readonly drainMs: number
  /** How long an attempt has to obey its AbortSignal. */
  readonly killGraceMs: number
}

const DEFAULTS = { slots: 10, heartbeatMs: 2_000, drainMs: 10_000, killGraceMs: 2_000 } as const

export type WorkerOptions = Omit<WorkerSettings, keyof typeof DEFAULTS> &
  Partial<Pick<WorkerSettings, keyof typeof DEFAULTS>>

export const withDefaults = (options: WorkerOptions): WorkerSettings => ({ ...DEFAULTS, ...options })
