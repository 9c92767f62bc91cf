import type { Ended, FromRunner, LogEntry, ProgressEntry } from '../protocol.ts'

/** Gathers what a runner has to tell during one turn of its loop, and sends it as one message. */
export interface Outbox {
  succeeded(key: number, result: string): void
  ended(entry: Ended): void
  log(entry: LogEntry): void
  progress(entry: ProgressEntry): void
  beat(key: number): void
  flush(): void
}

export function outbox(send: (message: FromRunner) => void): Outbox {
  let succeeded: (number | string)[] = []
  let ended: Ended[] = []
  let logs: LogEntry[] = []
  let progress: ProgressEntry[] = []
  let beats: number[] = []
  let isPending = false

  function flush(): void {
    if (!isPending) return
    isPending = false
    const report = { kind: 'report', succeeded, ended, logs, progress, beats } as const
    succeeded = []
    ended = []
    logs = []
    progress = []
    beats = []
    send(report)
  }

  function schedule(): void {
    if (isPending) return
    isPending = true
    // After the microtasks of this turn: handlers that end together are told together.
    setImmediate(flush)
  }

  return {
    succeeded(key, result) {
      succeeded.push(key, result)
      schedule()
    },
    ended(entry) {
      ended.push(entry)
      schedule()
    },
    log(entry) {
      logs.push(entry)
      schedule()
    },
    progress(entry) {
      progress.push(entry)
      schedule()
    },
    beat(key) {
      beats.push(key)
      schedule()
    },
    flush,
  }
}
