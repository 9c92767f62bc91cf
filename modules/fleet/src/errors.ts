import type { ErrorDescriptions } from '@taskflow/kernel'

export const FLEET_ERRORS = {
  QUEUE_NOT_FOUND: {
    status: 404,
    title: 'Queue not found',
    hint: 'Check the name with `GET /v1/queues`. A queue exists once a task has been submitted to it.',
  },
  WORKER_NOT_FOUND: {
    status: 404,
    title: 'Worker not found',
    hint: 'Check the id with `GET /v1/workers`: a worker gets a new id each time its process starts.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof FLEET_ERRORS, true> {}
}
