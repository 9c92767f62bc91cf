import type { TaskFlowEvents } from './events.ts'

type Level = 'info' | 'warn' | 'error'

interface LogLine<Detail> {
  readonly level: Level | ((detail: Detail) => Level)
  readonly message: string
  /** A failure that may repeat many times a second: logged twice a minute, with the `error` of the event. */
  readonly isRepeated?: true
}

/** What an operator reads of events in the log of the process. Events that happen all the time are counted instead. */
export type LogLines = { readonly [Name in keyof TaskFlowEvents]?: LogLine<TaskFlowEvents[Name][0]> }
