import type { Readable } from 'node:stream'
import type { Principal, TaskStore } from '@taskflow/core'
import {
  type AdmitDeps,
  admitTask,
  bodyLimitFor,
  checkTask,
  idempotencyOf,
  parseJson,
  readBody,
} from '@taskflow/intake'
import { overlapped } from '../overlapped.ts'
import { problemOf } from '../plugins/problems.ts'
import { type Line, lineGroups } from '../read-lines.ts'

export interface SubmitLinesDeps extends AdmitDeps {
  readonly storage: Pick<TaskStore, 'submitTasks'>
}

interface Caller {
  readonly principal: Principal
  /** The request's id. */
  readonly instance: string
  /** Idempotency key of the request; that of a line is derived from it. */
  readonly key?: string
}

/**
 * Submits a stream of tasks and yields what became of each, in order.
 *
 * Lines that came together are submitted together, while the next ones are read; storage gathers them
 * into one statement and takes it apart when one of them is bad. Nothing is read while the caller does
 * not take the replies, and nothing any more once the caller has left.
 */
export async function* submitLines(input: Readable, deps: SubmitLinesDeps, caller: Caller): AsyncGenerator<string> {
  const groups = lineGroups(input, bodyLimitFor(deps.maxPayloadBytes))
  for await (const replies of overlapped(groups, (lines) => submitGroup(lines, deps, caller))) {
    yield replies.map((reply) => `${JSON.stringify(reply)}\n`).join('')
  }
}

type LineReply = { readonly line: number } & ({ readonly id: string } | { readonly error: object })

function submitGroup(lines: readonly Line[], deps: SubmitLinesDeps, caller: Caller): Promise<LineReply[]> {
  return Promise.all(
    lines.map(async (line): Promise<LineReply> => {
      try {
        return { line: line.number, id: await submitLine(line, deps, caller) }
      } catch (error) {
        return { line: line.number, error: problemOf(error, caller.instance) }
      }
    }),
  )
}

async function submitLine(line: Line, deps: SubmitLinesDeps, { principal, key }: Caller): Promise<string> {
  if (line.error) throw line.error
  const body = checkTask(parseJson(line.bytes))
  const { project } = principal
  const task = await admitTask(readBody(body), principal, deps)
  const idempotency = idempotencyOf(key && `${key}/${line.number}`, 'POST /v1/tasks/batch', body)
  const { ids } = await deps.storage.submitTasks({ project, tasks: [task], ...idempotency })
  return ids[0] ?? task.id
}
