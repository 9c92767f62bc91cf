import type { Worker, WorkerState } from '@taskflow/sdk'
import { paint } from '../output.ts'

const COLOUR_OF = {
  active: 'green',
  silent: 'magenta',
  cordoned: 'blue',
  draining: 'yellow',
  lost: 'red',
  stopped: 'gray',
} as const satisfies Record<WorkerState, string>

export const paintState = (state: WorkerState, text: string = state): string => paint(COLOUR_OF[state], text)

/** Returns whether the worker may still run tasks. */
export const isLive = ({ state }: Pick<Worker, 'state'>): boolean => state !== 'lost' && state !== 'stopped'
