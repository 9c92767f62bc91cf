import type { ErrorDescription, ErrorDescriptions } from '@taskflow/kernel'
import { ERRORS, sumOf } from '@taskflow/rooms'

export const SERVER_ERRORS = {
  NOT_READY: {
    status: 503,
    title: 'Process is not ready',
    hint: 'Retry in a moment; `/health` shows the reason.',
  },
  DATABASE_UNSUITABLE: {
    status: 500,
    title: 'Database cannot be used as it is',
    hint: 'Follow the advice in the detail: it names the server and the reason.',
  },
  DATA_DIR_IN_USE: {
    status: 500,
    title: 'Data folder is in use',
    hint: 'Stop the other process, or set another TASKFLOW_DATA_DIR for this one.',
  },
  DATA_DIR_UNUSABLE: {
    status: 500,
    title: 'Data folder cannot be used',
    hint: 'Follow the advice in the detail: it names the folder and the reason.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof SERVER_ERRORS, true> {}
}

/** Every error of the product: the errors of the platform, of the rooms and of the process itself. */
export const ALL_ERRORS: ErrorDescriptions = sumOf<ErrorDescription>('error', [
  ['the platform or a room', ERRORS],
  ['packages/server', SERVER_ERRORS],
])
