export interface WorkerSettings {
  readonly project: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly version: string
  /** `name` or `name=weight`; with a weight anywhere, the first of them is drawn for each take. */
  readonly queues: readonly string[]
  /** Names or beginnings such as `report.*`, of the types that the modules define; all where absent. */
  readonly types?: readonly string[] | undefined
  /** How many attempts may run at once. */
  readonly slots: number
  /** The folder of task modules. */
  readonly tasks: string
  readonly heartbeatMs: number
  /** How long a stop or a drain lets running attempts go on before it aborts them. */
  readonly drainMs: number
  /** How long an attempt has to obey its AbortSignal. */
  readonly killGraceMs: number
}

const DEFAULTS = { slots: 10, heartbeatMs: 1_000, drainMs: 10_000, killGraceMs: 2_000 } as const

export type WorkerOptions = Omit<WorkerSettings, keyof typeof DEFAULTS> &
  Partial<Pick<WorkerSettings, keyof typeof DEFAULTS>>

export const withDefaults = (options: WorkerOptions): WorkerSettings => ({ ...DEFAULTS, ...options })
