import type { ErrorDescriptions } from '@taskflow/kernel'

export const IDENTITY_ERRORS = {
  API_KEY_NOT_FOUND: { status: 404, title: 'API key not found', hint: 'Check the id with `GET /v1/api-keys`.' },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof IDENTITY_ERRORS, true> {}
}
