import type { FromRunner, ToRunner } from '../protocol.ts'

export type Placement = 'shared' | 'thread' | 'process'

/** The way to one runner, be it a thread or a process. */
export interface Channel {
  /** Does nothing once the runner has gone; the listener is told of that. */
  send(message: ToRunner): void
  /** Ends the runner whatever it is doing. Resolves when it is gone. */
  kill(): Promise<void>
}

export interface ChannelListener {
  onMessage(message: FromRunner): void
  /** Called once, when the runner has gone for whatever reason; completes "the runner …". */
  onExit(how: string): void
}

export type OpenChannel = (listener: ChannelListener) => Channel

/** How to open a runner in each placement. */
export type RunnerChannels = Readonly<Record<Placement, OpenChannel>>

export const RUNNER_ENTRY = new URL('../runner/entry.js', import.meta.url)
