/**
 * The state of the lease model at one moment: rows, workers and messages, with the functions that read and change them.
 */

/** `crash` covers the crash of a worker and of the runner of a handler. */
export const ACCIDENTS = ['crash', 'freeze', 'message', 'database', 'stop'] as const

export type AccidentKind = (typeof ACCIDENTS)[number]

export interface Size {
  readonly tasks: number
  readonly workers: number
  /** The maximum number of accidents in one history. */
  readonly accidents: number
  readonly kinds: readonly AccidentKind[]
  readonly maxAttempts: number
}

/** How an attempt ends. `quarantine` is the `fail` of a task that has crashed too many workers. */
export type Ending = 'complete' | 'fail' | 'quarantine' | 'cancel' | 'retry' | 'release' | 'rescue'

/** One incarnation of a worker: a row of `worker`. */
export interface Incarnation {
  readonly worker: number
  readonly life: number
}

/** A row of `task` or, once finished, of `finished_task`. */
export interface Task {
  readonly state: 'queued' | 'retrying' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  readonly attempt: number
  readonly crashes: number
  /** The lease of the running attempt. */
  readonly lease: number | null
  readonly holder: Incarnation | null
  readonly isCancelRequested: boolean
  /** How its attempts ended, by lease: the rows of `task_attempt` and of `finished_task`. */
  readonly ends: Readonly<Record<number, Ending>>
  readonly leasesGiven: number
  /** How many attempts really ended by a rescue or a crash of the runner: the correct value of `crashes`. */
  readonly deaths: number
}

/**
 * A row of `worker`, with the age of its heartbeat by the database's clock: `fresh`; `silent`, so old that the worker
 * may have died; or `excused`, as old, but because the database was unavailable and no heartbeat could arrive.
 */
export interface WorkerRow {
  readonly state: 'living' | 'lost' | 'stopped'
  readonly heartbeat: 'fresh' | 'excused' | 'silent'
}

/** An attempt that a worker holds. */
export interface Held {
  readonly task: number
  readonly lease: number
  readonly attempt: number
  readonly crashes: number
  /** Whether the worker knows that a cancel was requested. */
  readonly knowsCancel: boolean
  /** How it ended, which the worker reports until storage answers; null while it runs. */
  readonly ending: Ending | null
}

export interface Worker {
  /** `frozen` also covers a worker without network: it neither sends nor receives. */
  readonly process: 'up' | 'frozen' | 'down'
  readonly isStopping: boolean
  /** One row for each incarnation; the last is the current one. */
  readonly rows: readonly WorkerRow[]
  /** The incarnation that sent the claim whose answer it waits for. */
  readonly claimUnderWay: number | null
  readonly attempts: readonly Held[]
}

/** Sends settlements without being a worker. */
export const RESCUER = -1

export type Message =
  | { readonly kind: 'claim'; readonly by: Incarnation }
  | { readonly kind: 'heartbeat'; readonly by: Incarnation }
  | {
      readonly kind: 'settle'
      readonly from: number
      readonly task: number
      readonly lease: number
      readonly ending: Ending
      /** The ending that was sent first, before the sender learned that a cancel was requested. */
      readonly instead: Ending | null
    }
  /** `isSame` holds while the heartbeat is still the observed one. */
  | { readonly kind: 'mark lost'; readonly of: Incarnation; readonly isSame: boolean }
  | { readonly kind: 'stopped'; readonly by: Incarnation }

/** A heartbeat that the rescuer observes, and that has not advanced since. */
export interface Observed {
  readonly of: Incarnation
  /** The number of whole heartbeat periods without an advance. */
  readonly periods: 0 | 1
}

export interface State {
  readonly tasks: readonly Task[]
  readonly workers: readonly Worker[]
  readonly wire: readonly Message[]
  readonly observed: readonly Observed[]
  readonly accidentsLeft: number
}

/** A state under construction. */
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
    isCancelRequested: false,
    ends: {},
    leasesGiven: 0,
    deaths: 0,
  }
  const worker: Worker = {
    process: 'up',
    isStopping: false,
    rows: [{ state: 'living', heartbeat: 'fresh' }],
    claimUnderWay: null,
    attempts: [],
  }
  return {
    tasks: Array.from({ length: tasks }, () => task),
    workers: Array.from({ length: workers }, () => worker),
    wire: [],
    observed: [],
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
  if (!row) throw new TypeError(`Worker ${worker} has no incarnation ${life}`)
  return row
}

export function currentOf(state: Pick<State, 'workers'>, worker: number): Incarnation {
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

/** Ends the claim of an incarnation, as far as its process knows. */
export function forgetClaim(draft: Draft, { worker, life }: Incarnation): void {
  if (workerAt(draft, worker).claimUnderWay === life) change(draft, worker, { claimUnderWay: null })
}

export type Attempt = Pick<Held, 'task' | 'lease'>

export const isOf = (one: Attempt, other: Attempt): boolean => one.task === other.task && one.lease === other.lease

export const isSame = (one: Incarnation | null, other: Incarnation): boolean =>
  one !== null && one.worker === other.worker && one.life === other.life

export const settlementOf = (from: number, { task, lease }: Attempt, ending: Ending | null): Message => {
  if (ending === null) throw new TypeError('A running attempt has no ending')
  return { kind: 'settle', from, task, lease, ending, instead: null }
}

export const isOnItsWay = ({ wire }: State, from: number, attempt: Attempt): boolean =>
  wire.some((each) => each.kind === 'settle' && each.from === from && isOf(each, attempt))

export function isCancelOf(state: Pick<State, 'tasks'>, by: Incarnation, held: Held): boolean {
  const task = taskAt(state, held.task)
  return held.ending === null && task.isCancelRequested && isSame(task.holder, by)
}

/** Whether the next heartbeat of this worker will report a cancel. */
export function hasPendingCancel(state: State, self: Incarnation): boolean {
  return workerAt(state, self.worker).attempts.some((held) => !held.knowsCancel && isCancelOf(state, self, held))
}
