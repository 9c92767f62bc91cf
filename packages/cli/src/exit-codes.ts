/** What the command says to the program that called it. Public: scripts branch on it. */
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
  0   fine
  1   the task ended failed or cancelled (tasks wait, tasks submit --wait)
  2   wrong usage, or a request that the server refused as malformed
  3   not found
  4   refused: the token is missing, wrong or lacks a permission
  5   conflict with the state of things
  6   the server cannot be reached, or is unavailable
  7   timed out waiting
  70  something went wrong inside TaskFlow`

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  WAIT_TIMED_OUT: EXIT.timedOut,
  SERVER_UNREACHABLE: EXIT.unavailable,
  SETTINGS_INVALID: EXIT.usage,
  DATA_DIR_IN_USE: EXIT.conflict,
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

export function exitCodeOf({ code, status }: { code?: string | undefined; status?: number | undefined }): ExitCode {
  return BY_CODE[code ?? ''] ?? BY_STATUS[status ?? 0] ?? EXIT.internal
}
