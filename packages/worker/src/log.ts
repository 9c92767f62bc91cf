type Write = (detail: object, message: string) => void

/** The process's own log; pino's logger is one. */
export interface Log {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}
