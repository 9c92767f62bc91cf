import type { TaskFlowError } from '@taskflow/kernel'
import type { PlacedEvent } from '../domain/history.ts'
import type { Priority } from '../domain/priority.ts'
import type { Attempt, LogLine, NewTask, Task, TaskId } from '../domain/task.ts'
import type { TaskState } from '../domain/task-state.ts'

/** The key marks a caller's retry of one request; `requestHash` shows whether it is the same request. */
export interface IdempotencyKey {
  readonly key: string
  readonly requestHash: string
  /**
   * The task as the request alone gives it, without the defaults of its type. For a submission of one task, whose reply
   * shows the task.
   */
  readonly requested?: NewTask
}

/** A submission that may have been stored before. */
export interface KeyedRequest {
  readonly project: string
  readonly idempotency: IdempotencyKey
}

export interface Submission {
  readonly project: string
  /** At least one; all or nothing. */
  readonly tasks: readonly NewTask[]
  readonly idempotency?: IdempotencyKey
}

export interface Submitted {
  /** The ids of the tasks stored now, or, for a replay, of those stored then. */
  readonly ids: readonly TaskId[]
  readonly createdAt: Date
  /** True when the key had been used for the same request: nothing was stored now. */
  readonly replayed: boolean
  /** The tasks as they were stored, where an admitter changed them, or for a replay of a request with `requested`. */
  readonly tasks?: readonly NewTask[]
}

export interface TaskFilter {
  readonly project: string
  readonly states?: readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly priority?: Priority
  readonly labels?: Readonly<Record<string, string>>
  readonly createdBy?: string
  readonly createdAfter?: Date
  readonly createdBefore?: Date
  /** Part of a title, description or type, in any case. */
  readonly search?: string
}

export interface Page {
  readonly limit: number
  /** Only tasks older than this one. */
  readonly before?: TaskId
}

/** The bytes of payloads and results, as JSON, with which a page of tasks ends. */
export const MAX_PAGE_BYTES = 8_388_608

/** A task in a list. The first always fits, and behind one that does not, none does. */
export interface ListedTask extends Task {
  /** False where the tasks before it fill the page, so that its payload and result were not read. */
  readonly fits: boolean
}

/** A page of what belongs to one task. No read costs more than such a page. */
export interface PageAfter {
  readonly limit: number
  readonly after?: string
}

/** The fields of a task that may change before it starts. An absent field stays unchanged. */
export interface TaskEdit {
  readonly payload?: string
  readonly queue?: string
  readonly priority?: Priority
  /** Null for at once. */
  readonly runAt?: Date | null
  readonly maxAttempts?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly title?: string | null
  readonly description?: string | null
}

export interface By {
  readonly project: string
  readonly actor: string
}

/**
 * The life of tasks as callers see it. Methods that name one task throw
 * TASK_NOT_FOUND when the project has none of that id.
 */
export interface TaskStore {
  /**
   * Durable when it resolves (P1). Throws IDEMPOTENCY_CONFLICT for a used key with another request, and what an admitter
   * refuses the submission with.
   */
  submitTasks(submission: Submission): Promise<Submitted>
  /**
   * Finds what earlier submissions with these keys were answered, in order: undefined for an unused key, and
   * IDEMPOTENCY_CONFLICT for a key of another request.
   */
  findSubmitted(requests: readonly KeyedRequest[]): Promise<(Submitted | TaskFlowError | undefined)[]>
  getTask(project: string, id: TaskId): Promise<Task>
  /** Newest first; payload and result are empty (`null` as JSON text) unless asked for, and where they do not fit. */
  listTasks(filter: TaskFilter, page: Page, include: { payload: boolean; result: boolean }): Promise<ListedTask[]>
  /** Which of these have finished, of any project. */
  findFinishedTasks(ids: readonly TaskId[]): Promise<TaskId[]>
  /**
   * Throws TASK_STATE_CONFLICT once the task has started or finished, and PRECONDITION_FAILED
   * when `ifVersion` is given and the row has changed since.
   */
  editTask(id: TaskId, edit: TaskEdit, by: By, ifVersion?: string): Promise<Task>
  /** Final for a waiting task; requests a running one to stop. Throws TASK_STATE_CONFLICT for a finished one. */
  cancelTask(id: TaskId, by: By, reason: string | null): Promise<Task>
  /** Queues the task again, with its attempts counted from zero. Throws TASK_STATE_CONFLICT for an unfinished one. */
  redriveTask(id: TaskId, by: By, payload: string | null): Promise<Task>
  /**
   * Oldest first, the one that runs or ended the task included. `after` is the id of the attempt before; undefined where
   * the task has no such attempt.
   */
  listAttempts(project: string, id: TaskId, page: PageAfter): Promise<Attempt[] | undefined>
  /** Oldest first. `after` is the cursor of the event before; undefined where the task has no such event. */
  listEvents(project: string, id: TaskId, page: PageAfter): Promise<PlacedEvent[] | undefined>
  /** Oldest first. `after` is the cursor of the line before. */
  listLogs(project: string, id: TaskId, page: PageAfter): Promise<(LogLine & { cursor: string })[]>
}
