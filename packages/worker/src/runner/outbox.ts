import type { Ended, FromRunner, LateError, LogEntry, ProgressEntry } from '../protocol.ts'

/** Gathers what a runner reports during one turn of its loop, and sends it as one message. */
export class Outbox {
  readonly #send: (message: FromRunner) => void
  #succeeded: (number | string)[] = []
  #ended: Ended[] = []
  #logs: LogEntry[] = []
  #progress: ProgressEntry[] = []
  #beats: number[] = []
  #lateErrors: LateError[] = []
  #isPending = false

  constructor(send: (message: FromRunner) => void) {
    this.#send = send
  }

  succeeded(key: number, result: string): void {
    this.#succeeded.push(key, result)
    this.#schedule()
  }

  ended(entry: Ended): void {
    this.#ended.push(entry)
    this.#schedule()
  }

  log(entry: LogEntry): void {
    this.#logs.push(entry)
    this.#schedule()
  }

  progress(entry: ProgressEntry): void {
    this.#progress.push(entry)
    this.#schedule()
  }

  beat(key: number): void {
    this.#beats.push(key)
    this.#schedule()
  }

  lateError(entry: LateError): void {
    this.#lateErrors.push(entry)
    this.#schedule()
  }

  readonly flush = (): void => {
    if (!this.#isPending) return
    this.#isPending = false
    const report = {
      kind: 'report',
      succeeded: this.#succeeded,
      ended: this.#ended,
      logs: this.#logs,
      progress: this.#progress,
      beats: this.#beats,
      lateErrors: this.#lateErrors,
    } as const
    this.#succeeded = []
    this.#ended = []
    this.#logs = []
    this.#progress = []
    this.#beats = []
    this.#lateErrors = []
    this.#send(report)
  }

  #schedule(): void {
    if (this.#isPending) return
    this.#isPending = true
    // After the microtasks of this turn, so that handlers that end together are reported together.
    setImmediate(this.flush)
  }
}
