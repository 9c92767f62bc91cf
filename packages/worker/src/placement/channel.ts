import type { FromRunner, ToRunner } from '../protocol.ts'

export type Placement = 'shared' | 'thread' | 'process'

/** The connection to one runner, which is a thread or a process. */
export interface Channel {
  /** Does nothing once the runner has ended, which the listener learns by `onExit`. */
  send(message: ToRunner): void
  /** Ends the runner, even while a handler blocks it. Resolves when the runner has ended. */
  kill(): Promise<void>
}

export interface ChannelListener {
  onMessage(message: FromRunner): void
  /** Called once, when the runner has ended for any reason. `how` completes the sentence "the runner …". */
  onExit(how: string): void
}

export type OpenChannel = (listener: ChannelListener) => Channel

/** How to open a runner in each placement. */
export type RunnerChannels = Readonly<Record<Placement, OpenChannel>>

export const RUNNER_ENTRY = new URL('../runner/entry.js', import.meta.url)
