import type { Readable } from 'node:stream'
import { type Line, lineGroups, overlapped, type ProblemOf } from '@taskflow/http'
import type { Principal } from '@taskflow/http/access'
import { hasCode } from '@taskflow/kernel'
import { parseJson } from '@taskflow/validation'
import { type AdmitDeps, admitTask } from '../admission/admit.ts'
import { idempotencyOf } from '../admission/idempotency.ts'
import { checkTask, readBody } from '../admission/read-task.ts'
import { bodyLimitFor } from '../admission/task-fields.ts'
import type { NewTask } from '../domain/task.ts'
import type { KeyedRequest, TaskStore } from '../ports/task-store.ts'

/** The dependencies of the submission of a stream. */
export interface SubmitLinesDeps extends AdmitDeps {
  readonly storage: Pick<TaskStore, 'submitTasks' | 'findSubmitted'>
}

interface Caller {
  readonly principal: Principal
  /** The id of the request, which problems carry. */
  readonly instance: string
  readonly problemOf: ProblemOf
  /** The idempotency key of the request, from which each line derives its own. */
  readonly key?: string
}

/**
 * Submits a stream of tasks, one on each line, and yields the outcome of each line in order.
 *
 * Lines that arrive together are stored together, while the next ones are read. If storing them fails, each one is stored
 * on its own. The stream is read only as fast as the caller reads the replies, and no further once the caller has
 * disconnected.
 */
export async function* submitLines(input: Readable, deps: SubmitLinesDeps, caller: Caller): AsyncGenerator<string> {
  const groups = admittedGroups(input, deps, caller)
  for await (const replies of overlapped(groups, (group) => storeGroup(group, deps, caller))) yield replies.join('')
}

/** The lines that arrived together. */
interface Group {
  readonly lines: readonly Line[]
  /** By the position of the line in the group: the ids of lines that were stored before, and errors. */
  readonly outcomes: ReadonlyMap<number, unknown>
  readonly admitted: readonly Admitted[]
}

interface Admitted {
  /** The position of the line in the group. */
  readonly index: number
  readonly task: NewTask
  readonly idempotency: ReturnType<typeof idempotencyOf>
}

/** Admits one group after the other, so that ids ascend with the lines: admission may have to query the database. */
async function* admittedGroups(input: Readable, deps: SubmitLinesDeps, caller: Caller): AsyncGenerator<Group> {
  for await (const lines of lineGroups(input, bodyLimitFor(deps.maxPayloadBytes)))
    yield await admitGroup(lines, deps, caller)
}

async function admitGroup(lines: readonly Line[], deps: SubmitLinesDeps, caller: Caller): Promise<Group> {
  const outcomes = new Map<number, unknown>()
  const admitted: Admitted[] = []
  const refused: (KeyedRequest & { readonly index: number })[] = []
  const { project } = caller.principal
  for (const [index, line] of lines.entries()) {
    try {
      const { read, idempotency } = readLine(line, caller)
      try {
        admitted.push({ index, task: await admitTask(read, caller.principal, deps), idempotency })
      } catch (error) {
        outcomes.set(index, error)
        if (idempotency.idempotency) refused.push({ index, project, idempotency: idempotency.idempotency })
      }
    } catch (error) {
      outcomes.set(index, error)
    }
  }
  // A line that was stored before is answered as it was then, also where it would be refused now.
  const earlier = refused.length === 0 ? [] : await deps.storage.findSubmitted(refused)
  for (const [position, { index }] of refused.entries()) {
    const submitted = earlier[position]
    if (submitted) outcomes.set(index, submitted instanceof Error ? submitted : submitted.ids[0])
  }
  return { lines, outcomes, admitted }
}

async function storeGroup(
  { lines, outcomes: known, admitted }: Group,
  deps: SubmitLinesDeps,
  caller: Caller,
): Promise<string[]> {
  const outcomes = new Map(known)
  const stored = await storeTasks(admitted, deps, caller)
  for (const [position, { index }] of admitted.entries()) outcomes.set(index, stored[position])
  return lines.map(({ number }, index) => replyOf(number, outcomes.get(index), caller))
}

function readLine(line: Line, { key }: Caller) {
  if (line.error) throw line.error
  const body = checkTask(parseJson(line.bytes))
  return {
    read: readBody(body),
    idempotency: idempotencyOf(key && `${key}/${line.number}`, 'POST /v1/tasks/batch', body),
  }
}

/** Resolves with the id of each task, or with the error that prevented its storage. */
async function storeTasks(
  admitted: readonly Admitted[],
  { storage }: SubmitLinesDeps,
  { principal: { project }, key }: Caller,
): Promise<readonly unknown[]> {
  if (key === undefined && admitted.length > 0) {
    try {
      return (await storage.submitTasks({ project, tasks: admitted.map(({ task }) => task) })).ids
    } catch (error) {
      // The tasks may have been stored, so do not store them again.
      if (hasCode(error, 'DATABASE_UNAVAILABLE')) return admitted.map(() => error)
    }
  }
  const alone = admitted.map(async ({ task, idempotency }) => {
    const { ids } = await storage.submitTasks({ project, tasks: [task], ...idempotency })
    return ids[0] ?? task.id
  })
  return Promise.all(alone.map((each) => each.catch((error: unknown) => error)))
}

function replyOf(line: number, outcome: unknown, { instance, problemOf }: Caller): string {
  if (typeof outcome === 'string') return `{"line":${line},"id":"${outcome}"}\n`
  return `${JSON.stringify({ line, error: problemOf(outcome, instance) })}\n`
}
