type Write = (detail: object, message: string) => void

/** The log of the process. A pino logger is one. */
export interface Log {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}
