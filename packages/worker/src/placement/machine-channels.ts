import type { RunnerChannels } from './channel.ts'
import { openProcess } from './process.ts'
import { openThread } from './thread.ts'

/** Opens runners as threads and processes of this machine. */
export const machineChannels: RunnerChannels = { shared: openThread, thread: openThread, process: openProcess }
