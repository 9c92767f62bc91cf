import type { ErrorDescriptions } from '@taskflow/kernel'

export const VALIDATION_ERRORS = {
  REQUEST_MALFORMED: {
    status: 400,
    title: 'Request is malformed',
    hint: 'Fix the fields listed in `errors` (or the body, as `detail` explains) and retry.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: 'Body is too large',
    hint: 'Stay below the limit in `detail`, or raise TASKFLOW_MAX_PAYLOAD_BYTES.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof VALIDATION_ERRORS, true> {}
}
