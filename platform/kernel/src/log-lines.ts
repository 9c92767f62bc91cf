import type { TaskFlowEvents } from './events.ts'

type Level = 'info' | 'warn' | 'error'

interface LogLine<Detail> {
  readonly level: Level | ((detail: Detail) => Level)
  readonly message: string
  /** Limits a failure that may repeat many times a second to two lines a minute, each with the `error` of the event. */
  readonly isRepeated?: true
}

/** Log lines of the process, by event. Frequent events have metrics instead. */
export type LogLines = { readonly [Name in keyof TaskFlowEvents]?: LogLine<TaskFlowEvents[Name][0]> }
