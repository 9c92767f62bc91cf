/**
 * The exit codes of the command line. Exit codes are public: scripts branch on them, so a code never changes its
 * meaning.
 */
export const EXIT = {
  ok: 0,
  taskFailed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  conflict: 5,
  unavailable: 6,
  timedOut: 7,
  internal: 70,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `Exit codes:
  0   success
  1   the task failed or was cancelled (tasks wait, tasks submit --wait)
  2   wrong arguments or settings, or a request that the server refused as invalid
  3   not found
  4   refused: the API key is missing, wrong or lacks a permission
  5   conflict: the task, worker or database is in a state that does not allow this
  6   the server cannot be reached, or is unavailable
  7   the wait timed out
  70  an internal error of TaskFlow`

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  WAIT_TIMED_OUT: EXIT.timedOut,
  SERVER_UNREACHABLE: EXIT.unavailable,
  SETTINGS_INVALID: EXIT.usage,
  DATABASE_UNSUITABLE: EXIT.conflict,
  DATA_DIR_IN_USE: EXIT.conflict,
  DATA_DIR_UNUSABLE: EXIT.usage,
}

const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.refused,
  403: EXIT.refused,
  404: EXIT.notFound,
  409: EXIT.conflict,
  412: EXIT.conflict,
  413: EXIT.usage,
  415: EXIT.usage,
  422: EXIT.usage,
  429: EXIT.unavailable,
  502: EXIT.unavailable,
  503: EXIT.unavailable,
  504: EXIT.unavailable,
}

/** Returns the exit code for an error, by its code or its HTTP status. */
export function exitCodeOf({ code, status }: { code?: string | undefined; status?: number | undefined }): ExitCode {
  return BY_CODE[code ?? ''] ?? BY_STATUS[status ?? 0] ?? EXIT.internal
}
