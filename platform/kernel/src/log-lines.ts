import type { TaskFlowEvents } from './events.ts'

type Level = 'info' | 'warn' | 'error'

interface LogLine<Detail> {
  readonly level: Level | ((detail: Detail) => Level)
  readonly message: string
  /** Limits an event that may repeat many times a second to two lines a minute, each with its texts and its `error`. */
  readonly isRepeated?: true
}

/** Log lines of the process, by event. Frequent events have metrics instead. */
export type LogLines = { readonly [Name in keyof TaskFlowEvents]?: LogLine<TaskFlowEvents[Name][0]> }
