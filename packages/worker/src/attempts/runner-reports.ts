import type { Clock, Events } from '@taskflow/kernel'
import { type AttemptOutcome, attemptError, type TaskId } from '@taskflow/tasks'
import type { RunnerHandle, RunnerListener } from '../placement/runner-handle.ts'
import type { LogEntry, ProgressEntry, Report } from '../protocol.ts'
import type { AbandonedHandlers } from './abandoned-handlers.ts'
import type { Finisher } from './finisher.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Journal } from './journal.ts'
import type { Slots } from './slots.ts'
import { outcomeUnder } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly finisher: Pick<Finisher, 'end'>
  readonly journal: Journal
  readonly clock: Clock
  readonly abandoned: Pick<AbandonedHandlers, 'onEnd' | 'onGone'>
  readonly events: Events
}

/** Applies what runners report to the attempts that they run: signs of life, log lines, progress, ends and crashes. */
export function runnerReports({ slots, finisher, journal, abandoned, clock, events }: Deps): RunnerListener {
  function recordBeats(keys: readonly number[]): void {
    const now = clock.monotonicMs()
    for (const key of keys) {
      const attempt = slots.get(key)
      if (attempt) attempt.beatAt = now
    }
  }

  function append(entries: readonly LogEntry[]): void {
    for (const [key, lines] of Map.groupBy(entries, ({ key }) => key)) {
      const attempt = slots.get(key)
      if (!attempt) continue
      addWrite(attempt, journal.append(attempt.lease, lines))
    }
  }

  function record(entry: ProgressEntry): void {
    const attempt = slots.get(entry.key)
    if (attempt) addWrite(attempt, journal.record(attempt.lease, entry))
  }

  function end(key: number, outcome: AttemptOutcome): void {
    const attempt = slots.get(key)
    if (attempt) finisher.end(attempt, outcomeUnder(attempt.stop, outcome))
    else abandoned.onEnd(key)
  }

  return {
    onReport({ beats, logs, progress, succeeded, ended, lateErrors }: Report) {
      recordBeats(beats)
      if (logs.length > 0) append(logs)
      for (const entry of progress) record(entry)
      for (let at = 0; at < succeeded.length; at += 2)
        end(succeeded[at] as number, { kind: 'succeeded', result: succeeded[at + 1] as string })
      for (const { key, outcome } of ended) end(key, outcome)
      for (const { taskId, type, error } of lateErrors)
        events.emit('handler.failedLate', { taskId: taskId as TaskId, type, error })
      slots.fill()
    },
    onSlowLoad(loadingMs, { placement, loadingModule: module }) {
      events.emit('runner.loading', {
        placement,
        loadingMs: Math.round(loadingMs),
        ...(module !== undefined && { module }),
      })
    },
    onCrash(reason: string, runner: RunnerHandle) {
      const crashed = [...slots].filter((attempt) => attempt.runner === runner)
      events.emit('runner.crashed', { placement: runner.placement, reason, attempts: crashed.length })
      const error = attemptError('RunnerCrashed', `The runner of this attempt ${reason}`)
      for (const attempt of crashed) finisher.end(attempt, outcomeUnder(attempt.stop, { kind: 'crashed', error }))
      abandoned.onGone(runner)
      slots.fill()
    },
  }
}

/** Makes the settlement of an attempt wait for a write of its log or progress. */
function addWrite(attempt: HeldAttempt, stored: Promise<void>): void {
  attempt.written = attempt.written ? both(attempt.written, stored) : stored
}

async function both(first: Promise<void>, second: Promise<void>): Promise<void> {
  await first
  await second
}
