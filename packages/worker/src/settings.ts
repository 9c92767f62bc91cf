export interface WorkerSettings {
  readonly project: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly version: string
  /** `name` or `name=weight`. If one has a weight, each take serves the queues in an order drawn by the weights. */
  readonly queues: readonly string[]
  /** Names of task types, or prefixes such as `report.*`; by default all types that the modules define. */
  readonly types?: readonly string[] | undefined
  /** Maximum number of attempts that run at once. */
  readonly slots: number
  /** The folder of task modules. */
  readonly tasks: string
  readonly heartbeatMs: number
  /** How long running attempts may go on after a stop or a request to drain, before their signals abort. */
  readonly drainMs: number
  /** How long an attempt may go on after its AbortSignal has aborted, before it is ended by force. */
  readonly killGraceMs: number
}

const DEFAULTS = { slots: 10, heartbeatMs: 1_000, drainMs: 10_000, killGraceMs: 2_000 } as const

export type WorkerOptions = Omit<WorkerSettings, keyof typeof DEFAULTS> &
  Partial<Pick<WorkerSettings, keyof typeof DEFAULTS>>

export const withDefaults = (options: WorkerOptions): WorkerSettings => ({ ...DEFAULTS, ...options })
