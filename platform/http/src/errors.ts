import type { ErrorDescriptions } from '@taskflow/kernel'

export const HTTP_ERRORS = {
  CURSOR_INVALID: {
    status: 400,
    title: 'Cursor is invalid',
    hint: 'Use `nextCursor` of the previous page unchanged, or omit it to start from the first page.',
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Credentials are missing or wrong',
    hint: 'Send `Authorization: Bearer <API key>` with a key that is neither revoked nor expired.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'Permission is missing',
    hint: 'Ask an administrator for a role that has the permission named in `detail`.',
  },
  ROUTE_NOT_FOUND: { status: 404, title: 'Route not found', hint: 'Compare the method and path with `/docs`.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method is not allowed',
    hint: 'Use one of the methods in the header `Allow`; `/docs` describes them.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: 'No acceptable media type',
    hint: 'Send the media type named in `detail` as `Accept`, or omit `Accept`.',
  },
  REQUEST_TIMED_OUT: {
    status: 408,
    title: 'Request took too long to arrive',
    hint: 'Send the whole request without pauses, over a new connection.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'Media type is not supported',
    hint: 'Send `application/json`, or `application/x-ndjson` where the API reference allows it.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof HTTP_ERRORS, true> {}
}
