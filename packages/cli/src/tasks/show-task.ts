import type { Task, TaskFailure, TaskState } from '@taskflow/sdk'
import { fromNow } from '../duration.ts'
import { indented, type Output, paint, pairs } from '../output.ts'
import { onOneLine } from '../text.ts'

const COLOUR_OF = {
  blocked: 'gray',
  scheduled: 'blue',
  queued: 'cyan',
  running: 'yellow',
  waiting: 'blue',
  retrying: 'magenta',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'gray',
} as const satisfies Record<TaskState, string>

export const paintState = (state: TaskState, text: string = state, stream?: NodeJS.WriteStream): string =>
  paint(COLOUR_OF[state], text, stream)

/** Prints all fields of a task as text. */
export function showTask(out: Output, task: Task): void {
  out.line(`${onOneLine(task.title ?? task.type)} is ${paintState(task.state)}`)
  out.line()
  out.fields({
    id: task.id,
    type: onOneLine(task.type),
    queue: `${onOneLine(task.queue)}, ${task.priority} priority`,
    attempt: attemptOf(task),
    progress: progressOf(task),
    'run at': task.state === 'scheduled' || task.state === 'retrying' ? moment(task.runAt) : undefined,
    created: `${moment(task.createdAt)} by ${onOneLine(task.createdBy)}`,
    started: moment(task.startedAt),
    finished: moment(task.finishedAt),
    cancelling: task.state === 'running' ? moment(task.cancelRequestedAt) : undefined,
    worker: task.workerId ?? undefined,
    labels: pairs(task.labels),
    about: task.description ? onOneLine(task.description) : undefined,
    error: task.error ? paint('red', onOneLine(failureOf(task.error))) : undefined,
  })
  out.value('Payload', task.payload)
  out.value('Result', task.result)
  if (task.error?.stack) {
    out.line()
    out.line(paint('dim', 'Stack'))
    out.line(indented(task.error.stack))
  }
}

function attemptOf({ attempt, maxAttempts, crashCount }: Task): string {
  const crashes = crashCount > 0 ? `, ${crashCount} lost to a crash` : ''
  return attempt === 0 ? `none of ${maxAttempts} yet${crashes}` : `${attempt} of ${maxAttempts}${crashes}`
}

export function progressOf({ progress }: Pick<Task, 'progress'>): string | undefined {
  if (!progress) return undefined
  return onOneLine(`${progress.percent} %${progress.message ? ` ${progress.message}` : ''}`)
}

export const failureOf = ({ name, message, reason }: TaskFailure): string => `${name}: ${message} (${reason})`

const moment = (at: string | null): string | undefined => (at === null ? undefined : `${at} (${fromNow(at)})`)
