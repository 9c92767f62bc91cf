/** What the model of the lease consists of: rows, workers and messages, as they are at one moment, and how to look at them and change them. */

/** A crash is one of a worker or of the runner of a handler. */
export const ACCIDENTS = ['crash', 'freeze', 'message', 'database', 'stop'] as const

export type AccidentKind = (typeof ACCIDENTS)[number]

export interface Size {
  readonly tasks: number
  readonly workers: number
  /** How many things may go wrong in one history, and of which kinds. */
  readonly accidents: number
  readonly kinds: readonly AccidentKind[]
  readonly maxAttempts: number
}

/** How an attempt ends. A quarantine is the `fail` of a task that took too many workers with it. */
export type Ending = 'complete' | 'fail' | 'quarantine' | 'cancel' | 'retry' | 'release' | 'rescue'

/** One life of a worker: a row of `worker`. */
export interface Incarnation {
  readonly worker: number
  readonly life: number
}

/** A row of `task` or, once finished, of `finished_task`. */
export interface Task {
  readonly state: 'queued' | 'retrying' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  readonly attempt: number
  readonly crashes: number
  /** Of the attempt that runs. */
  readonly lease: number | null
  readonly holder: Incarnation | null
  readonly isCancelAsked: boolean
  /** How its attempts ended, by lease: the rows of `task_attempt`, and that of `finished_task`. */
  readonly ends: Readonly<Record<number, Ending>>
  readonly leasesGiven: number
  /** How often a rescue or a runner's death ended an attempt in truth: what `crashes` should say. */
  readonly deaths: number
}

/**
 * A row of `worker`, and how its heartbeat looks by the database's clock: fresh; or silent for so long that the worker may be dead, which
 * is excused where the database itself was away and nobody could beat.
 */
export interface WorkerRow {
  readonly state: 'living' | 'lost' | 'stopped'
  readonly heard: 'fresh' | 'excused' | 'silent'
}

/** An attempt in a worker's hands. */
export interface Held {
  readonly task: number
  readonly lease: number
  readonly attempt: number
  readonly crashes: number
  /** Whether it was told of the cancel. */
  readonly isTold: boolean
  /** What it ended as, which is repeated until storage answers; null while it runs. */
  readonly ending: Ending | null
}

export interface Worker {
  /** Frozen stands for cut off as well: it neither sends nor hears. */
  readonly process: 'up' | 'frozen' | 'down'
  readonly isStopping: boolean
  /** One for each life; the last is the present one. */
  readonly rows: readonly WorkerRow[]
  /** The life of a claim whose answer it waits for. */
  readonly claimUnderWay: number | null
  readonly hand: readonly Held[]
}

/** The sender of a settlement that is not a worker. */
export const RESCUER = -1

export type Message =
  | { readonly kind: 'claim'; readonly by: Incarnation }
  | { readonly kind: 'beat'; readonly by: Incarnation }
  | {
      readonly kind: 'settle'
      readonly from: number
      readonly task: number
      readonly lease: number
      readonly ending: Ending
      /** What was sent first, where it turned out that the task was to be cancelled. */
      readonly instead: Ending | null
    }
  /** With whether the heartbeat is still the one that was watched. */
  | { readonly kind: 'bury'; readonly of: Incarnation; readonly isSame: boolean }
  | { readonly kind: 'goodbye'; readonly by: Incarnation }

/** A heartbeat that the rescuer watches, and that has not moved since. */
export interface Watched {
  readonly of: Incarnation
  /** For how many whole periods. */
  readonly periods: 0 | 1
}

export interface State {
  readonly tasks: readonly Task[]
  readonly workers: readonly Worker[]
  readonly wire: readonly Message[]
  readonly watched: readonly Watched[]
  readonly accidentsLeft: number
}

/** A state in the making. */
export type Draft = {
  -readonly [Key in keyof State]: State[Key] extends readonly (infer Item)[] ? Item[] : State[Key]
}

export function startOf({ tasks, workers, accidents }: Size): State {
  const task: Task = {
    state: 'queued',
    attempt: 0,
    crashes: 0,
    lease: null,
    holder: null,
    isCancelAsked: false,
    ends: {},
    leasesGiven: 0,
    deaths: 0,
  }
  const worker: Worker = {
    process: 'up',
    isStopping: false,
    rows: [{ state: 'living', heard: 'fresh' }],
    claimUnderWay: null,
    hand: [],
  }
  return {
    tasks: Array.from({ length: tasks }, () => task),
    workers: Array.from({ length: workers }, () => worker),
    wire: [],
    watched: [],
    accidentsLeft: accidents,
  }
}

export const isOver = ({ state }: Task): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'

export function workerAt({ workers }: Pick<State, 'workers'>, index: number): Worker {
  const worker = workers[index]
  if (!worker) throw new TypeError(`There is no worker ${index}`)
  return worker
}

export function taskAt({ tasks }: Pick<State, 'tasks'>, index: number): Task {
  const task = tasks[index]
  if (!task) throw new TypeError(`There is no task ${index}`)
  return task
}

export function rowOf(state: Pick<State, 'workers'>, { worker, life }: Incarnation): WorkerRow {
  const row = workerAt(state, worker).rows[life]
  if (!row) throw new TypeError(`Worker ${worker} has no life ${life}`)
  return row
}

export function presentOf(state: Pick<State, 'workers'>, worker: number): Incarnation {
  return { worker, life: workerAt(state, worker).rows.length - 1 }
}

export function change(draft: Draft, index: number, changes: Partial<Worker>): void {
  draft.workers[index] = { ...workerAt(draft, index), ...changes }
}

export function changeTask(draft: Draft, index: number, changes: Partial<Task>): void {
  draft.tasks[index] = { ...taskAt(draft, index), ...changes }
}

export function changeRow(draft: Draft, of: Incarnation, changes: Partial<WorkerRow>): void {
  const { rows } = workerAt(draft, of.worker)
  change(draft, of.worker, { rows: rows.map((row, life) => (life === of.life ? { ...row, ...changes } : row)) })
}

export function take(draft: Draft, message: Message): void {
  draft.wire.splice(draft.wire.indexOf(message), 1)
}

/** The claim under that life has come to its end, as far as its process knows. */
export function forgetClaim(draft: Draft, { worker, life }: Incarnation): void {
  if (workerAt(draft, worker).claimUnderWay === life) change(draft, worker, { claimUnderWay: null })
}

export type Attempt = Pick<Held, 'task' | 'lease'>

export const isOf = (one: Attempt, other: Attempt): boolean => one.task === other.task && one.lease === other.lease

export const isSame = (one: Incarnation | null, other: Incarnation): boolean =>
  one !== null && one.worker === other.worker && one.life === other.life

export const settlementOf = (from: number, { task, lease }: Attempt, ending: Ending | null): Message => {
  if (ending === null) throw new TypeError('What runs has no ending')
  return { kind: 'settle', from, task, lease, ending, instead: null }
}

export const isOnItsWay = ({ wire }: State, from: number, attempt: Attempt): boolean =>
  wire.some((each) => each.kind === 'settle' && each.from === from && isOf(each, attempt))

export function isCancelOf(state: Pick<State, 'tasks'>, by: Incarnation, held: Held): boolean {
  const task = taskAt(state, held.task)
  return held.ending === null && task.isCancelAsked && isSame(task.holder, by)
}

/** Whether a cancel waits for this one's next heartbeat. */
export function isUntold(state: State, self: Incarnation): boolean {
  return workerAt(state, self.worker).hand.some((held) => !held.isTold && isCancelOf(state, self, held))
}
